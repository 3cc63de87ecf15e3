//! One file: read, taken for what it is, and checked.

use std::rc::Rc;

use probity_sdk::findings::Severity;
use probity_sdk::prelude::*;
use probity_sdk_objects::Blob;

use crate::finding::FileReport;
use crate::kind::Kind;
use crate::rules::UNREADABLE;
use crate::yaml::{self, Node};
use crate::{dockerfile, page, pipelines, workflow};

/// Of a script or page no more is read.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// Key of `file`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileKey {
    /// The blob.
    pub(crate) blob: String,
    /// What it is taken for.
    pub(crate) kind: Kind,
}

/// What is found in a file that is taken for this.
pub(crate) fn report(blob: &Blob, kind: Kind) -> FileReport {
    let mut report = FileReport::default();
    match blob {
        Blob::Whole(bytes) if bytes.len() <= MOST_BYTES => whole(bytes, kind, &mut report),
        Blob::Whole(bytes) => too_large(bytes.len() as u64, &mut report),
        Blob::Huge { size, .. } => too_large(*size, &mut report),
    }
    report.finished()
}

fn too_large(size: u64, report: &mut FileReport) {
    let message = format!("it has {size} bytes, and {MOST_BYTES} are read: nothing is known of what it does");
    report.find(UNREADABLE, Severity::Medium, 1, message);
}

fn whole(bytes: &[u8], kind: Kind, report: &mut FileReport) {
    match kind {
        Kind::Script => {
            let place = |line: usize| u32::try_from(line).unwrap_or(u32::MAX).saturating_add(1);
            workflow::script(&String::from_utf8_lossy(bytes), false, &place, report);
        }
        Kind::Dockerfile => dockerfile::check(bytes, report),
        Kind::Page => page::check(bytes, report),
        Kind::Workflow | Kind::Action | Kind::Gitlab | Kind::PreCommit => match yaml::documents(bytes) {
            Ok(documents) => parsed(&documents, kind, report),
            Err(error) => {
                report.find(UNREADABLE, Severity::Medium, 1, format!("it cannot be read as YAML: {error}"));
            }
        },
    }
}

fn parsed(documents: &[Rc<Node>], kind: Kind, report: &mut FileReport) {
    let mut workflows = 0;
    for document in documents {
        match kind {
            Kind::Workflow => workflows += usize::from(workflow::report(document, report)),
            Kind::Action => workflow::report_action(document, report),
            Kind::Gitlab => pipelines::gitlab(document, report),
            _ => pipelines::hooks(document, report),
        }
    }
    if kind == Kind::Workflow && workflows == 0 && !documents.is_empty() {
        report.find(UNREADABLE, Severity::Medium, 1, "it has no jobs, so nothing is known of what it does");
    }
}
