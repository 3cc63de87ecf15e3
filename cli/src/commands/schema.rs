//! `probity schema`: what the report, a policy, the answer of `why` and the plugin protocol look like, for programs.

use probity_assess::{policy, report, why};

use crate::args::{SchemaArgs, SchemaOf};
use crate::commands::{Context, Ended};
use crate::error::CliError;

pub(crate) fn schema(cx: &Context, args: &SchemaArgs) -> Ended {
    match args.of {
        SchemaOf::Report => cx.result(&report::schema()),
        SchemaOf::Policy => cx.result(&policy::schema()),
        SchemaOf::Why => cx.result(&why::schema()),
        SchemaOf::Protocol => protocol(cx),
    }
}

/// The two directions as one JSON document: OpenRPC has no word for who serves.
fn protocol(cx: &Context) -> Ended {
    let mut whole = serde_json::Map::new();
    for (name, text) in probity_protocol::schema::documents() {
        if let Some(side) = name.strip_prefix("openrpc-").and_then(|rest| rest.strip_suffix(".json")) {
            let document = serde_json::from_str(&text).map_err(|e| CliError::failed(&e))?;
            whole.insert(side.to_owned(), document);
        }
    }
    cx.result(&format!("{:#}\n", serde_json::Value::Object(whole)))
}
