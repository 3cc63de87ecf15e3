//! TOML tables with the places of their values. The library refuses names given twice and tables nested too deeply.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::ReadError;

/// A value and where it begins in the text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Value<'t, 'a> {
    value: &'t DeValue<'a>,
    pub(crate) place: usize,
}

/// Reads a document.
pub(crate) fn read(text: &str) -> Result<Spanned<DeTable<'_>>, ReadError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    DeTable::parse(text).map_err(|error| ReadError::malformed(error.message()))
}

/// The member of a table at this path of names.
pub(crate) fn at<'t, 'a>(table: &'t DeTable<'a>, path: &[&str]) -> Option<Value<'t, 'a>> {
    let (first, rest) = path.split_first()?;
    let found = table.iter().find(|(name, _)| name.get_ref() == first).map(|(_, value)| Value::of(value))?;
    if rest.is_empty() { Some(found) } else { at(found.table()?, rest) }
}

/// The members of the table at this path, in the order of the text; none if there is no such table.
pub(crate) fn members<'t, 'a>(table: &'t DeTable<'a>, path: &[&str]) -> Vec<(&'t str, usize, Value<'t, 'a>)> {
    match path {
        [] => sorted(table),
        _ => at(table, path).and_then(|value| value.table()).map(sorted).unwrap_or_default(),
    }
}

fn sorted<'t, 'a>(table: &'t DeTable<'a>) -> Vec<(&'t str, usize, Value<'t, 'a>)> {
    let member = |(name, value): (&'t Spanned<toml::de::DeString<'a>>, &'t Spanned<DeValue<'a>>)| {
        (&**name.get_ref(), name.span().start, Value::of(value))
    };
    let mut members: Vec<_> = table.iter().map(member).collect();
    members.sort_by_key(|(_, place, _)| *place);
    members
}

impl<'t, 'a> Value<'t, 'a> {
    fn of(value: &'t Spanned<DeValue<'a>>) -> Self {
        Self { value: value.get_ref(), place: value.span().start }
    }

    pub(crate) fn text(self) -> Option<&'t str> {
        self.value.as_str()
    }

    pub(crate) fn table(self) -> Option<&'t DeTable<'a>> {
        self.value.as_table()
    }

    pub(crate) fn flag(self) -> bool {
        self.value.as_bool() == Some(true)
    }

    /// The elements, if it is a list.
    pub(crate) fn list(self) -> Vec<Value<'t, 'a>> {
        self.value.as_array().map(|array| array.iter().map(Value::of).collect()).unwrap_or_default()
    }

    /// The member of this table, if it is one and the member is a text.
    pub(crate) fn text_at(self, name: &str) -> Option<&'t str> {
        at(self.table()?, &[name])?.text()
    }

    /// Whether this is a table in which the member is true.
    pub(crate) fn flag_at(self, name: &str) -> bool {
        self.table().and_then(|table| at(table, &[name])).is_some_and(Value::flag)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_in_the_order_of_the_text_with_their_places() {
        let text = "[b]\nz = 1\na = {x = \"y\", on = true}\n";
        let document = read(text).unwrap();
        let members = members(document.get_ref(), &["b"]);
        assert_eq!(members.iter().map(|(name, ..)| *name).collect::<Vec<_>>(), ["z", "a"]);
        assert_eq!(&text[members[1].1..][..1], "a");
        assert_eq!((members[1].2.text_at("x"), members[1].2.flag_at("on")), (Some("y"), true));
        assert_eq!((members[0].2.text_at("x"), members[0].2.text()), (None, None));
        assert!(at(document.get_ref(), &["b", "a", "x", "q"]).is_none());
    }

    #[test]
    fn names_given_twice_and_deep_tables_are_refused() {
        assert!(matches!(read("a = 1\na = 2"), Err(ReadError::Malformed(_))));
        assert!(read(&format!("a = {}{}", "[".repeat(50_000), "]".repeat(50_000))).is_err());
    }
}
