//! `package-lock.json` in all its versions, and `pnpm-lock.yaml`.

use crate::read::json::Object;
use crate::read::{ReadError, yaml};
use crate::shapes::{Locked, Said};

/// npm nests no deeper than its folders; JSON itself is refused at 128 levels.
const DEEPEST: usize = 100;

pub(super) fn package_lock(text: &str) -> Result<Said, ReadError> {
    let root = Object::read(text)?;
    let mut said = Said { name: root.text("name"), ..Said::default() };
    // Version 2 has both forms and means the same by them; version 1 has the nested one alone, version 3 the flat one.
    nested(&root, &mut said, 0)?;
    if root.get("packages").is_some() {
        said.locked.clear();
        flat(&root.object("packages")?, &mut said)?;
    }
    Ok(said)
}

fn nested(object: &Object<'_>, said: &mut Said, depth: usize) -> Result<(), ReadError> {
    if depth > DEEPEST {
        return Err(ReadError::TooDeep(DEEPEST));
    }
    let dependencies = object.object("dependencies")?;
    for (name, package) in &dependencies.0 {
        let package = Object::read(package.get())?;
        said.nested.push(name.clone());
        said.locked.push(locked(name.clone(), &package));
        nested(&package, said, depth + 1)?;
    }
    Ok(())
}

fn flat(packages: &Object<'_>, said: &mut Said) -> Result<(), ReadError> {
    for (path, package) in &packages.0 {
        let package = Object::read(package.get())?;
        // The project itself and its workspaces lie outside of node_modules, and links lead to them.
        let Some((_, name)) = path.rsplit_once("node_modules/").filter(|_| !package.flag("link")) else {
            continue;
        };
        // An alias has its real name inside.
        said.locked.push(locked(package.text("name").unwrap_or_else(|| name.to_owned()), &package));
    }
    Ok(())
}

fn locked(name: String, package: &Object<'_>) -> Locked {
    Locked {
        name,
        version: package.text("version"),
        source: package.text("resolved"),
        integrity: package.text("integrity"),
        dev: package.flag("dev"),
    }
}

pub(super) fn pnpm(text: &str) -> Result<Said, ReadError> {
    let root = yaml::read(text)?;
    if root.get("lockfileVersion").is_none() {
        return Err(ReadError::Other("a lock file of pnpm: it has no lockfileVersion"));
    }
    let mut said = Said::default();
    let packages = root.get("packages").map(yaml::Node::members).unwrap_or_default();
    for (key, package) in packages {
        let resolution = package.get("resolution");
        let of = |name: &str| resolution.and_then(|resolution| resolution.text(name)).map(str::to_owned);
        let (name, version) = name_and_version(key);
        let name = package.text("name").map_or(name, str::to_owned);
        let version = package.text("version").map(str::to_owned).or(version);
        let source = of("tarball").or_else(|| of("repo"));
        said.locked.push(Locked {
            name,
            version,
            source,
            integrity: of("integrity"),
            dev: package.flag("dev"),
        });
    }
    Ok(said)
}

/// `/name/1.0.0`, `/@scope/name@1.0.0(peer@2)` and `name@1.0.0`, as the versions of pnpm write it.
fn name_and_version(key: &str) -> (String, Option<String>) {
    let bare = key.split('(').next().unwrap_or(key);
    let bare = bare.strip_prefix('/').unwrap_or(bare);
    let scope = usize::from(bare.starts_with('@'));
    let at = bare[scope..].find('@').map(|at| at + scope);
    // Before version 6 a slash stands between name and version.
    let at = at.or_else(|| bare.match_indices('/').nth(scope).map(|(at, _)| at));
    match at {
        Some(at) => (bare[..at].to_owned(), Some(bare[at + 1..].to_owned())),
        None => (bare.to_owned(), None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_all_versions_of_pnpm_are_understood() {
        let of = |key: &str| name_and_version(key);
        let pair = |name: &str, version: &str| (name.to_owned(), Some(version.to_owned()));
        assert_eq!(of("/lodash/4.17.21"), pair("lodash", "4.17.21"));
        assert_eq!(of("/@babel/core/7.0.0"), pair("@babel/core", "7.0.0"));
        assert_eq!(of("/@babel/core@7.0.0(x@1)"), pair("@babel/core", "7.0.0"));
        assert_eq!(of("lodash@4.17.21"), pair("lodash", "4.17.21"));
        assert_eq!(of("x"), ("x".to_owned(), None));
        assert_eq!(of("@"), ("@".to_owned(), None));
    }
}
