//! The popular names, by ecosystem, and how names are compared there.

const NPM: &str = include_str!("../data/npm.txt");
const CARGO: &str = include_str!("../data/cargo.txt");
const PYPI: &str = include_str!("../data/pypi.txt");
const RUBYGEMS: &str = include_str!("../data/rubygems.txt");
const ACTIONS: &str = include_str!("../data/actions.txt");
const NEIGHBOURS: &str = include_str!("../data/neighbours.txt");

/// The ecosystems of which there is a list.
pub(crate) const ECOSYSTEMS: [&str; 4] = ["npm", "cargo", "pypi", "rubygems"];

/// The actions of GitHub, and the owners among them.
pub(crate) const OF_ACTIONS: [&str; 2] = ["actions", "action-owners"];

/// The popular names of an ecosystem.
pub(crate) fn popular(ecosystem: &str) -> impl Iterator<Item = &'static str> {
    let list = match ecosystem {
        "npm" => NPM,
        "cargo" => CARGO,
        "pypi" => PYPI,
        "rubygems" => RUBYGEMS,
        "actions" | "action-owners" => ACTIONS,
        _ => "",
    };
    let owners = ecosystem == "action-owners";
    lines(list).map(move |name| if owners { name.split('/').next().unwrap_or(name) } else { name })
}

/// Names that are near to a popular one and honest.
pub(crate) fn neighbours(ecosystem: &str) -> impl Iterator<Item = &'static str> {
    lines(NEIGHBOURS)
        .filter_map(move |line| line.split_once(' ').filter(|(of, _)| *of == ecosystem).map(|(_, name)| name))
}

fn lines(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines().filter(|line| !line.starts_with('#'))
}

/// A name in the form in which the ecosystem's registry compares it.
pub(crate) fn normal(ecosystem: &str, name: &str) -> String {
    let name = name.to_lowercase();
    match ecosystem {
        "cargo" => name.replace('_', "-"),
        "pypi" => {
            let parts: Vec<&str> = name.split(['-', '_', '.']).filter(|part| !part.is_empty()).collect();
            parts.join("-")
        }
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_are_sorted_and_in_no_other_list_of_their_ecosystem() {
        for (ecosystem, least) in
            [("npm", 350), ("cargo", 200), ("pypi", 200), ("rubygems", 100), ("actions", 100)]
        {
            let names: Vec<&str> = popular(ecosystem).collect();
            assert!(names.len() >= least, "{ecosystem}");
            assert!(names.is_sorted_by(|a, b| a < b), "{ecosystem}");
            assert!(neighbours(ecosystem).all(|name| !names.contains(&name)), "{ecosystem}");
        }
        assert_eq!(popular("go").count(), 0);
    }

    #[test]
    fn names_are_compared_as_the_registry_does() {
        assert_eq!(normal("pypi", "Ruamel._-YAML"), "ruamel-yaml");
        assert_eq!(normal("cargo", "Serde_JSON"), "serde-json");
        assert_eq!(normal("npm", "lodash.get"), "lodash.get");
    }
}
