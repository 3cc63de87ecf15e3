//! The header `Link` of a list (RFC 8288), as far as it tells whether there is a next page. Where that would lie is not looked at: pages
//! are asked for by number, so no server leads to another one, or in a circle.

/// Whether the header names a next page.
pub(crate) fn has_next(header: &str) -> bool {
    // `<address>; name=value; …`, with commas between. What stands in the brackets is left out: it may hold anything.
    let links = header.split('<').skip(1).filter_map(|link| link.split_once('>'));
    links.flat_map(|(_, parameters)| parameters.split([';', ','])).any(is_next)
}

fn is_next(parameter: &str) -> bool {
    let Some((name, value)) = parameter.split_once('=') else { return false };
    let relations = value.trim().trim_matches('"');
    name.trim().eq_ignore_ascii_case("rel")
        && relations.split(' ').any(|one| one.eq_ignore_ascii_case("next"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_next_page_is_told_by_its_relation() {
        let last = "<https://api.github.com/x?page=1>; rel=\"prev\", <https://api.github.com/x?page=1>; rel=\"first\"";
        assert!(!has_next(last));
        assert!(has_next(&format!("{last}, <https://api.github.com/x?page=3>; rel=\"next\"")));
        assert!(has_next("<https://a.b/?a,b;rel=x>; title=\"y\"; REL=\"last next\""));
        for none in [
            "",
            "rel=\"next\"",
            "<https://a.b/?rel=next>",
            "<https://a.b/>; rel=\"nextish\"",
            "<<<;rel",
            "<a>;rel",
        ] {
            assert!(!has_next(none), "{none}");
        }
    }
}
