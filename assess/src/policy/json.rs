//! Configuration as JSON: from KDL nodes, and to canonical text (RFC 8785).

use kdl::{KdlNode, KdlValue};
use serde_json::{Map, Number, Value};

/// The JSON of a configuration node's content: one argument is a scalar, several are an array, children make an
/// object, children named `-` an array, and a node that holds nothing is `true`.
///
/// # Errors
/// What is wrong with it, as a lower-case fragment.
pub(super) fn of_node(node: &KdlNode) -> Result<Value, String> {
    let mut arguments = Vec::new();
    for entry in node.entries() {
        if let Some(name) = entry.name() {
            let message = "configuration has no properties; write a child node";
            return Err(format!("{message} `{} …` instead", name.value()));
        }
        arguments.push(of_value(entry.value())?);
    }
    match (node.children(), arguments.len()) {
        (None, 0) => Ok(Value::Bool(true)),
        (None, 1) => Ok(arguments.remove(0)),
        (None, _) => Ok(Value::Array(arguments)),
        (Some(children), 0) => of_children(children.nodes()),
        (Some(_), _) => Err("a configuration node has arguments or children, not both".to_owned()),
    }
}

fn of_children(nodes: &[KdlNode]) -> Result<Value, String> {
    if !nodes.is_empty() && nodes.iter().all(|node| node.name().value() == "-") {
        return nodes.iter().map(of_node).collect::<Result<Vec<_>, _>>().map(Value::Array);
    }
    let mut members = Map::new();
    for node in nodes {
        let name = node.name().value();
        if name == "-" {
            return Err("either all children are named `-` or none".to_owned());
        }
        if members.insert(name.to_owned(), of_node(node)?).is_some() {
            return Err(format!("`{name}` is given twice"));
        }
    }
    Ok(Value::Object(members))
}

fn of_value(value: &KdlValue) -> Result<Value, String> {
    Ok(match value {
        KdlValue::String(text) => Value::String(text.clone()),
        KdlValue::Bool(flag) => Value::Bool(*flag),
        KdlValue::Null => Value::Null,
        KdlValue::Integer(integer) => match (i64::try_from(*integer), u64::try_from(*integer)) {
            (Ok(signed), _) => Value::Number(signed.into()),
            (_, Ok(unsigned)) => Value::Number(unsigned.into()),
            _ => return Err(format!("{integer} is too large")),
        },
        KdlValue::Float(float) => match Number::from_f64(*float) {
            Some(number) => Value::Number(number),
            None => return Err("numbers must be finite".to_owned()),
        },
    })
}

/// An object in canonical JSON.
pub(super) fn canonical_object(members: &Map<String, Value>) -> String {
    let mut out = String::new();
    write_object(members, &mut out);
    out
}

/// A value in canonical JSON.
pub(super) fn canonical(value: &Value) -> String {
    let mut out = String::new();
    write(value, &mut out);
    out
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => write_object(members, out),
        Value::Array(items) => {
            out.push('[');
            for (place, item) in items.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Number(number) => out.push_str(&number_text(number)),
        // Null, booleans and strings are written by serde_json as RFC 8785 wants them.
        other => out.push_str(&other.to_string()),
    }
}

fn write_object(members: &Map<String, Value>, out: &mut String) {
    let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
    sorted.sort_by(|(one, _), (two, _)| one.encode_utf16().cmp(two.encode_utf16()));
    out.push('{');
    for (place, (name, value)) in sorted.into_iter().enumerate() {
        if place > 0 {
            out.push(',');
        }
        out.push_str(&Value::String(name.clone()).to_string());
        out.push(':');
        write(value, out);
    }
    out.push('}');
}

/// Whole numbers as they are, doubles as ECMAScript writes them.
fn number_text(number: &Number) -> String {
    match number.as_f64() {
        Some(double) if number.is_f64() => double_text(double),
        _ => number.to_string(),
    }
}

/// `Number::toString` of ECMAScript: the shortest digits, an exponent only below 1e-6 and from 1e21 on.
fn double_text(double: f64) -> String {
    if double == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{:e}", double.abs());
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (count, point) = (digits.len() as i32, exponent + 1);
    let text = match point {
        _ if count <= point && point <= 21 => digits.clone() + &"0".repeat((point - count) as usize),
        1..=21 => format!("{}.{}", &digits[..point as usize], &digits[point as usize..]),
        -5..=0 => format!("0.{}{digits}", "0".repeat(-point as usize)),
        _ => {
            let rest = if count > 1 { format!(".{}", &digits[1..]) } else { String::new() };
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{}{rest}e{sign}{}", &digits[..1], exponent.abs())
        }
    };
    if double < 0.0 { format!("-{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::{canonical, double_text, of_node};

    fn configured(text: &str) -> String {
        let document = kdl::KdlDocument::parse_v2(text).unwrap();
        match of_node(&document.nodes()[0]) {
            Ok(value) => canonical(&value),
            Err(message) => format!("error: {message}"),
        }
    }

    #[test]
    fn nodes_become_json() {
        assert_eq!(configured("weeks 52"), "52");
        assert_eq!(configured("hosts a b"), r#"["a","b"]"#);
        assert_eq!(configured("on"), "true");
        assert_eq!(configured("x #null"), "null");
        assert_eq!(configured("share 0.50"), "0.5");
        assert_eq!(configured("c { z 1; a { - 1; - 2 } }"), r#"{"a":[1,2],"z":1}"#);
        assert_eq!(configured("c {}"), "{}");
    }

    #[test]
    fn what_has_no_json_is_refused() {
        assert_eq!(
            configured("c 1 { a 2 }"),
            "error: a configuration node has arguments or children, not both"
        );
        assert_eq!(configured("c { a 1; a 2 }"), "error: `a` is given twice");
        assert_eq!(configured("c { - 1; a 2 }"), "error: either all children are named `-` or none");
        assert_eq!(configured("c #inf"), "error: numbers must be finite");
        assert_eq!(configured("c 99999999999999999999"), "error: 99999999999999999999 is too large");
    }

    #[test]
    fn doubles_are_written_as_ecmascript_writes_them() {
        let cases = [
            (52.0, "52"),
            (-0.0, "0"),
            (0.02, "0.02"),
            (-1.5, "-1.5"),
            (1e21, "1e+21"),
            (1e20, "100000000000000000000"),
            (0.000001, "0.000001"),
            (1.5e-7, "1.5e-7"),
            (123456.789, "123456.789"),
        ];
        for (double, text) in cases {
            assert_eq!(double_text(double), text);
        }
    }
}
