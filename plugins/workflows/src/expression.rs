//! GitHub's `${{ }}` expressions: which contexts a text refers to, and which of them end up in the text.
//!
//! `${{ a == b }}` is true or false, whatever `a` holds; `${{ a || b }}` is one of the two. So expressions are parsed, after
//! <https://docs.github.com/actions/reference/workflows-and-actions/expressions>.

mod parse;

pub(crate) use parse::{Expression, parse};

/// A reference to a context, in lower case: `github.event.issue.title`; an index that is computed or a filter is `*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) path: String,
    /// Whether it is told with all that is below it, as `toJSON` does.
    pub(crate) whole: bool,
}

/// An expression in a text.
#[derive(Debug)]
pub(crate) struct Placed {
    /// The line of the text that it begins on, counted from 0.
    pub(crate) line: usize,
    /// As it stands between the braces.
    pub(crate) text: String,
    pub(crate) expression: Expression,
}

/// The expressions in a text, up to a thousand.
pub(crate) fn expressions(text: &str) -> Vec<Placed> {
    let mut placed = Vec::new();
    let (mut rest, mut line) = (text, 0);
    while let Some(at) = rest.find("${{") {
        line += rest[..at].matches('\n').count();
        let inner = &rest[at + 3..];
        let Some(length) = end(inner) else { break };
        let source = &inner[..length];
        placed.push(Placed { line, text: source.trim().to_owned(), expression: parse(source) });
        if placed.len() == 1000 {
            break;
        }
        line += source.matches('\n').count();
        rest = &inner[length + 2..];
    }
    placed
}

/// Where the braces close that are not in a string.
fn end(text: &str) -> Option<usize> {
    let mut quoted = false;
    let bytes = text.as_bytes();
    for at in 0..bytes.len() {
        match bytes[at] {
            b'\'' => quoted = !quoted,
            b'}' if !quoted && bytes.get(at + 1) == Some(&b'}') => return Some(at),
            _ => {}
        }
    }
    None
}

impl Placed {
    /// The contexts whose text ends up where the expression stands.
    pub(crate) fn flowing(&self) -> Vec<Reference> {
        let mut found = Vec::new();
        self.expression.flowing(false, &mut found);
        found
    }

    /// All contexts that are referred to.
    pub(crate) fn references(&self) -> Vec<Reference> {
        let mut found = Vec::new();
        self.expression.references(false, &mut found);
        found
    }
}

impl Expression {
    fn flowing(&self, whole: bool, found: &mut Vec<Reference>) {
        match self {
            Self::Constant | Self::Test(_) => {}
            Self::Context { path, .. } => found.push(Reference { path: path.clone(), whole }),
            // What is on the left is empty or false where it is the result.
            Self::And(_, right) => right.flowing(whole, found),
            Self::Either(parts) => parts.iter().for_each(|part| part.flowing(whole, found)),
            Self::Call { name, arguments } => {
                let whole = whole || name == "tojson";
                if !matches!(
                    name.as_str(),
                    "contains"
                        | "startswith"
                        | "endswith"
                        | "hashfiles"
                        | "success"
                        | "failure"
                        | "always"
                        | "cancelled"
                ) {
                    arguments.iter().for_each(|argument| argument.flowing(whole, found));
                }
            }
        }
    }

    fn references(&self, whole: bool, found: &mut Vec<Reference>) {
        match self {
            Self::Constant => {}
            Self::Context { path, indices } => {
                found.push(Reference { path: path.clone(), whole });
                indices.iter().for_each(|index| index.references(false, found));
            }
            Self::Test(parts) | Self::Either(parts) => {
                parts.iter().for_each(|part| part.references(whole, found));
            }
            Self::And(left, right) => {
                left.references(whole, found);
                right.references(whole, found);
            }
            Self::Call { name, arguments } => {
                let whole = whole || name == "tojson";
                arguments.iter().for_each(|argument| argument.references(whole, found));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flowing(text: &str) -> Vec<String> {
        let found = expressions(text).iter().flat_map(Placed::flowing).collect::<Vec<_>>();
        found
            .into_iter()
            .map(|found| format!("{}{}", found.path, if found.whole { "!" } else { "" }))
            .collect()
    }

    #[test]
    fn what_ends_up_in_the_text_is_told_from_what_is_only_looked_at() {
        for (text, expected) in [
            ("echo ${{ github.event.issue.title }}", &["github.event.issue.title"][..]),
            ("${{ GitHub.Head_Ref || github.ref_name }}", &["github.head_ref", "github.ref_name"]),
            ("${{ github.event_name == 'x' && github.head_ref }}", &["github.head_ref"]),
            ("${{ contains(github.head_ref, 'x') }}", &[]),
            ("${{ github.head_ref == 'main' }}${{ !github.head_ref }}", &[]),
            ("${{ format('{0} }} {1}', github.head_ref, 1) }}", &["github.head_ref"]),
            ("${{ toJSON(github.event) }}", &["github.event!"]),
            ("${{ github.event.commits[0].message }}", &["github.event.commits.*.message"]),
            ("${{ github['event']['issue'].body }}", &["github.event.issue.body"]),
            ("${{ join(github.event.commits.*.message, ', ') }}", &["github.event.commits.*.message"]),
            ("${{ env[github.head_ref] }}", &["env.*"]),
            ("${{ (github.head_ref) }} and ${{ 'github.head_ref' }} and ${{ 1.5e3 }}", &["github.head_ref"]),
            ("$ {{ github.head_ref }} ${ github.head_ref }", &[]),
            ("${{ github.head_ref", &[]),
        ] {
            assert_eq!(flowing(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_only_looked_at_is_a_reference() {
        let found = expressions("${{ secrets.A == 'x' && env[secrets.B] }}");
        let paths: Vec<String> = found[0].references().into_iter().map(|found| found.path).collect();
        assert_eq!(paths, ["secrets.a", "env.*", "secrets.b"]);
    }

    #[test]
    fn what_is_no_expression_is_taken_for_all_that_it_names() {
        assert_eq!(flowing("${{ github.head_ref ?? x.y( }}"), ["github.head_ref", "x.y"]);
        let deep = format!("${{{{ {}github.head_ref }}}}", "(".repeat(10_000));
        assert_eq!(flowing(&deep), ["github.head_ref"]);
    }

    #[test]
    fn expressions_know_their_lines() {
        let lines: Vec<usize> =
            expressions("a\n${{ x }}\n${{\n y }} ${{ z }}").iter().map(|e| e.line).collect();
        assert_eq!(lines, [1, 2, 3]);
    }
}
