//! `uv.lock` and `poetry.lock`.

use crate::read::ReadError;
use crate::read::toml::{Value, at, read};
use crate::shapes::{Locked, Said};

pub(super) fn uv(text: &str) -> Result<Said, ReadError> {
    packages(text, |package| {
        let source = package.table().and_then(|table| at(table, &["source"]));
        let source = source.and_then(|source| {
            ["registry", "git", "url", "path", "directory", "editable", "virtual"]
                .into_iter()
                .find_map(|kind| Some(format!("{kind}+{}", source.text_at(kind)?)))
        });
        let table = package.table()?;
        let sdist = at(table, &["sdist"]).and_then(|sdist| sdist.text_at("hash"));
        let wheels =
            || at(table, &["wheels"]).map(Value::list)?.into_iter().find_map(|wheel| wheel.text_at("hash"));
        Some((source, sdist.or_else(wheels)))
    })
}

pub(super) fn poetry(text: &str) -> Result<Said, ReadError> {
    packages(text, |package| {
        let table = package.table()?;
        let source = at(table, &["source"]).and_then(|source| {
            let (kind, url) = (source.text_at("type")?, source.text_at("url")?);
            Some(format!("{kind}+{url}"))
        });
        let files = at(table, &["files"]).map(Value::list).unwrap_or_default();
        Some((source, files.into_iter().find_map(|file| file.text_at("hash"))))
    })
}

fn packages(
    text: &str,
    further: impl for<'t> Fn(Value<'t, '_>) -> Option<(Option<String>, Option<&'t str>)>,
) -> Result<Said, ReadError> {
    let document = read(text)?;
    let packages = at(document.get_ref(), &["package"]).map(Value::list).unwrap_or_default();
    let locked = |package: Value<'_, '_>| {
        let (source, integrity) = further(package)?;
        Some(Locked {
            name: package.text_at("name")?.to_owned(),
            version: package.text_at("version").map(str::to_owned),
            source,
            integrity: integrity.map(str::to_owned),
            dev: package.text_at("category") == Some("dev"),
        })
    };
    Ok(Said { locked: packages.into_iter().filter_map(locked).collect(), ..Said::default() })
}
