//! Which plugin a name means, and whether the asker said that it would ask.

use std::collections::BTreeSet;
use std::sync::Arc;

/// The publisher and namespace of the plugins that come with Probity.
const BUILT_IN: &str = "probity/core/";

/// The plugin instances of a session.
#[derive(Debug)]
pub(crate) struct Names {
    instances: BTreeSet<Arc<str>>,
}

/// The full id that `name` stands for: a bare name is that of a built-in plugin.
pub fn full_id(name: &str) -> String {
    if name.contains('/') { name.to_owned() } else { format!("{BUILT_IN}{name}") }
}

/// The bare name of a plugin with the id of a built-in one; `None` for others.
pub fn bare_name(id: &str) -> Option<&str> {
    id.strip_prefix(BUILT_IN)
}

impl Names {
    pub(crate) fn new(instances: impl Iterator<Item = Arc<str>>) -> Names {
        Names { instances: instances.collect() }
    }

    /// The instance that `name` means to other plugins; `Err` with the full name where there is none.
    pub(crate) fn resolve(&self, name: &str) -> Result<Arc<str>, Arc<str>> {
        let id = full_id(name);
        self.instances.get(id.as_str()).cloned().ok_or_else(|| id.into())
    }

    /// Tells that there is no plugin `id`, and which there are.
    pub(crate) fn absent(&self, id: &str) -> String {
        let known: Vec<&str> = self.instances.iter().map(|i| &**i).collect();
        format!("there is no plugin {:?}; there are {}", crate::plain::plain(id, 200), known.join(", "))
    }
}

/// The queries that a query may ask, as full names `publisher/namespace/name/query`.
#[derive(Debug, Default, Clone)]
pub(crate) struct Uses(BTreeSet<String>);

impl Uses {
    pub(crate) fn new<'a>(declared: impl Iterator<Item = &'a str>) -> Uses {
        let full = |entry: &'a str| {
            let (plugin, query) = entry.rsplit_once('/')?;
            Some(format!("{}/{query}", full_id(plugin)))
        };
        Uses(declared.filter_map(full).collect())
    }

    pub(crate) fn allow(&self, plugin: &str, query: &str) -> bool {
        self.0.contains(&format!("{plugin}/{query}"))
    }

    /// Tells that the asker did not declare this.
    pub(crate) fn denied(&self, plugin: &str, query: &str) -> String {
        let declared = listed(&self.0);
        let asked = crate::plain::plain(&format!("{plugin}/{query}"), 200);
        format!("{asked} is not among the queries that this query says it uses: {declared}")
    }
}

/// The inputs that a plugin says it may ask for: `kind/id`, or `kind` for all of that kind.
#[derive(Debug, Default, Clone)]
pub(crate) struct Inputs(BTreeSet<String>);

impl Inputs {
    pub(crate) fn new(declared: Vec<String>) -> Inputs {
        Inputs(declared.into_iter().collect())
    }

    pub(crate) fn allow(&self, kind: &str, id: &str) -> bool {
        self.0.contains(kind) || self.0.contains(&format!("{kind}/{id}"))
    }

    /// Tells that the plugin did not declare this.
    pub(crate) fn undeclared(&self, kind: &str, id: &str) -> String {
        let asked = crate::plain::plain(&format!("{kind}/{id}"), 200);
        format!("{asked} is not among the inputs that this plugin says it asks for: {}", listed(&self.0))
    }
}

fn listed(declared: &BTreeSet<String>) -> String {
    if declared.is_empty() {
        "none".to_owned()
    } else {
        Vec::from_iter(declared.iter().map(String::as_str)).join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_means_a_built_in_plugin_and_others_are_called_in_full() {
        let names =
            Names::new(["probity/core/git", "acme/tools/idle", "acme/tools/x#a"].map(Arc::from).into_iter());
        assert_eq!(names.resolve("git").as_deref(), Ok("probity/core/git"));
        assert_eq!(names.resolve("acme/tools/idle").as_deref(), Ok("acme/tools/idle"));
        assert_eq!(names.resolve("idle"), Err("probity/core/idle".into()));
        assert_eq!(
            names.resolve("acme/tools/x"),
            Err("acme/tools/x".into()),
            "only an analysis has that one"
        );
        assert_eq!(
            names.absent("probity/core/idle"),
            "there is no plugin \"probity/core/idle\"; there are acme/tools/idle, acme/tools/x#a, probity/core/git"
        );
    }

    #[test]
    fn only_what_was_declared_may_be_asked() {
        let uses = Uses::new(["git/history", "acme/tools/idle/days"].into_iter());
        assert!(uses.allow("probity/core/git", "history"));
        assert!(uses.allow("acme/tools/idle", "days"));
        assert!(!uses.allow("probity/core/git", "tree"));
        assert_eq!(
            uses.denied("probity/core/git", "tree"),
            "probity/core/git/tree is not among the queries that this query says it uses: \
             acme/tools/idle/days, probity/core/git/history"
        );
    }
}
