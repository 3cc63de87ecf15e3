//! `pom.xml`. Properties of the same file are put in; what comes from a parent or a profile's property is not known.

use crate::read::ReadError;
use crate::read::xml::{Element, read};
use crate::shapes::{Direct, Kind, Role, Said};

/// A property may name others, and those others again.
const MOST_PROPERTIES: usize = 10;
/// Longer text no property makes.
const LONGEST: usize = 1000;

pub(super) fn manifest(text: &str) -> Result<Said, ReadError> {
    let project = read(text)?;
    if project.name != "project" {
        return Err(ReadError::Other("a project of Maven"));
    }
    let pom = Pom { project: &project };
    let mut said = Said { name: pom.own_name(), ..Said::default() };
    if let Some(parent) = project.child("parent") {
        pom.add(&mut said, parent, Kind::Build);
    }
    pom.add_all(&mut said, &project);
    for profile in project.child("profiles").into_iter().flat_map(|profiles| profiles.all("profile")) {
        pom.add_all(&mut said, profile);
    }
    said.direct.sort_by_key(|direct| direct.line);
    Ok(said)
}

struct Pom<'a> {
    project: &'a Element,
}

impl Pom<'_> {
    fn own_name(&self) -> Option<String> {
        let artifact = self.project.text_of("artifactId")?;
        let group = self.project.text_of("groupId");
        let group =
            group.or_else(|| self.project.at(&["parent", "groupId"]).map(|group| group.text.as_str()));
        Some(format!("{}:{artifact}", group.unwrap_or_default()))
    }

    fn add_all(&self, said: &mut Said, place: &Element) {
        let below = |path: &[&str], name: &'static str| {
            place
                .at(path)
                .into_iter()
                .flat_map(|list| list.all(name).cloned().collect::<Vec<_>>())
                .collect::<Vec<_>>()
        };
        for dependency in below(&["dependencies"], "dependency") {
            self.add(said, &dependency, kind(&dependency));
        }
        for dependency in below(&["dependencyManagement", "dependencies"], "dependency") {
            self.add(said, &dependency, Kind::Shared);
        }
        for list in [&["build", "plugins"][..], &["build", "pluginManagement", "plugins"]] {
            for plugin in below(list, "plugin") {
                self.add(said, &plugin, Kind::Build);
            }
        }
        for (list, name) in [("repositories", "repository"), ("pluginRepositories", "pluginRepository")] {
            for repository in below(&[list], name) {
                if let Some(address) = repository.text_of("url") {
                    said.registry(
                        Role::More,
                        self.resolved(address),
                        repository.text_of("id"),
                        repository.line,
                    );
                }
            }
        }
        for extension in below(&["build", "extensions"], "extension") {
            self.add(said, &extension, Kind::Build);
        }
    }

    fn add(&self, said: &mut Said, element: &Element, kind: Kind) {
        let group =
            element.text_of("groupId").or((kind == Kind::Build).then_some("org.apache.maven.plugins"));
        let (Some(group), Some(artifact)) = (group, element.text_of("artifactId")) else {
            said.note(element.line, "a dependency without groupId or artifactId");
            return;
        };
        let name = format!("{}:{}", self.resolved(group), self.resolved(artifact));
        if name.contains("${") {
            said.note(element.line, format!("{name} depends on properties that are not in this file"));
        }
        let version = element.text_of("version").map(|version| self.resolved(version));
        let mut direct = Direct::new(name, kind).requirement(version.as_deref()).line(element.line);
        direct.optional = element.text_of("optional") == Some("true");
        said.direct.push(direct);
    }

    /// With the properties of this file in place of their names.
    fn resolved(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for _ in 0..MOST_PROPERTIES {
            let Some((before, rest)) = text.split_once("${") else { break };
            let Some((name, after)) = rest.split_once('}') else { break };
            let Some(value) = self.property(name) else { break };
            text = format!("{before}{value}{after}");
            if text.len() > LONGEST {
                break;
            }
        }
        text
    }

    fn property(&self, name: &str) -> Option<&str> {
        let own = ["project.", "pom."].iter().find_map(|prefix| name.strip_prefix(prefix));
        match own {
            Some(own) => {
                let inherited = || self.project.child("parent")?.text_of(own);
                self.project.text_of(own).or_else(inherited)
            }
            None => self.project.child("properties")?.text_of(name),
        }
    }
}

fn kind(dependency: &Element) -> Kind {
    match dependency.text_of("scope") {
        Some("test") => Kind::Dev,
        Some("provided" | "system") => Kind::Peer,
        Some("import") => Kind::Shared,
        _ => Kind::Normal,
    }
}
