//! Expressions from the outside: a schema, a text and an answer in; a verdict or the mistakes out.

use expect_test::{Expect, expect};
use serde_json::{Value, json};

use super::{Expression, Type};

/// `true`, `false`, the mistakes with the text they mark, or why there is no verdict.
fn judged(schema: Value, text: &str, answer: Value) -> String {
    match Expression::compile(text, "value", &Type::from_schema(&schema)) {
        Ok(expression) => match expression.judge(&answer) {
            Ok(holds) => holds.to_string(),
            Err(error) => format!("error: {error}"),
        },
        Err(error) => {
            let mistakes = error.mistakes.iter().map(|mistake| {
                let hint = mistake.hint.as_deref().map(|hint| format!(" ({hint})")).unwrap_or_default();
                format!("[{}] {}{hint}", &text[mistake.span.clone()], mistake.message)
            });
            mistakes.collect::<Vec<_>>().join("\n")
        }
    }
}

fn int() -> Value {
    json!({ "type": "integer" })
}

fn numbers() -> Value {
    json!({ "type": "array", "items": { "type": "number" } })
}

fn activity() -> Value {
    json!({
        "type": "object",
        "properties": {
            "days": { "type": "integer" },
            "authored": { "type": "string" },
            "by": { "anyOf": [{ "$ref": "#/$defs/person" }, { "type": "null" }] },
        },
        "required": ["days"],
        "$defs": { "person": { "type": "object", "properties": { "name": { "type": "string" } } } },
    })
}

fn check(actual: String, expected: Expect) {
    expected.assert_eq(&actual);
}

#[test]
fn the_policies_of_the_plugins_judge_their_answers() {
    let churn = "divz(count(value.filter(z, z > 3.0)), count(value)) <= 0.02";
    assert_eq!(judged(numbers(), churn, json!([3.5, 0.1, 0.2])), "false");
    assert_eq!(judged(numbers(), churn, json!([0.1, 0.2])), "true");
    assert_eq!(judged(numbers(), churn, json!([])), "true");
    assert_eq!(judged(int(), "value <= 0", json!(1)), "false");
    assert_eq!(judged(activity(), "value.days <= 364", json!({ "days": 364 })), "true");
    let flags = json!({ "type": "array", "items": { "type": "boolean" } });
    let identity = "divz(count(value.filter(b, b)), count(value)) <= 0.2";
    assert_eq!(judged(flags, identity, json!([true, false, false, false, false])), "true");
}

#[test]
fn an_int_that_meets_a_double_becomes_one() {
    for text in [
        "value + 0.5 == 7.5",
        "0.5 * value == 3.5",
        "value > 6.9",
        "value in [7.0]",
        "7.0 == value",
        "value / 2.0 == 3.5",
        "value / 2 == 3",
        "value % 2 == 1",
        "-value == -7",
        "double(value) / 2 == 3.5",
        "int(7.9) == value",
        "(value > 0 ? 1 : 0.5) == 1.0",
    ] {
        assert_eq!(judged(int(), text, json!(7)), "true", "{text}");
    }
}

#[test]
fn a_number_of_the_schema_is_a_double_even_if_json_writes_it_whole() {
    assert_eq!(judged(numbers(), "value[0] / value[1] == 3.5", json!([7, 2])), "true");
    assert_eq!(judged(numbers(), "sum(value) / 2 == 4.5", json!([7, 2])), "true");
    assert_eq!(judged(int(), "value == 3", json!(3.0)), "true");
}

#[test]
fn division_never_errs_on_the_side_of_passing() {
    check(
        judged(numbers(), "count(value.filter(z, z > 3.0)) / count(value) <= 0.02", json!([])),
        expect![[
            r#"[count(value.filter(z, z > 3.0)) / count(value)] this division of whole numbers drops the fraction before it meets a double (divz(a, b) divides as doubles and gives 0.0 where b is 0)"#
        ]],
    );
    check(judged(int(), "10 / value > 1", json!(0)), expect!["error: cannot divide by zero in `10 / value`"]);
    check(
        judged(int(), "1.0 / value <= 1.0", json!(0)),
        expect!["error: cannot divide by zero in `1.0 / value`"],
    );
    check(
        judged(int(), "!(0.0 / value > 1.0)", json!(0)),
        expect!["error: cannot divide by zero in `0.0 / value`"],
    );
    check(
        judged(numbers(), "value[0] * value[0] > 1.0", json!([1e200])),
        expect!["error: the result of `value[0] * value[0]` is not a finite number"],
    );
    check(
        judged(int(), "value + 1 > 0", json!(i64::MAX)),
        expect!["error: the result of `value + 1` is too large for its type"],
    );
    assert_eq!(judged(int(), "divz(value, 0) == 0.0 && divz(1, 2) == 0.5", json!(5)), "true");
}

#[test]
fn macros_walk_lists() {
    let answer = json!([1, 2, 3, 4]);
    for text in [
        "value.exists(x, x > 3.5)",
        "!value.exists(x, x > 4.0)",
        "value.all(x, x >= 1.0)",
        "value.exists_one(x, x == 2.0)",
        "!value.exists_one(x, x > 2.0)",
        "count(value.filter(x, x > 2.0)) == 2",
        "max(value.map(x, x * 2)) == 8.0",
        "value.map(x, x > 2.0, x * 10) == [30.0, 40.0]",
        "value.filter(x, value.all(y, y <= x)) == [4.0]",
        "value.map(x, value.map(y, x + y)).all(row, count(row) == count(value))",
        "2 in value && !(5 in value)",
        "[1, 2].map(value, value + 1) == [2, 3]",
    ] {
        assert_eq!(judged(numbers(), text, answer.clone()), "true", "{text}");
    }
}

#[test]
fn functions_over_numbers() {
    let answer = json!([4, 1, 3, 2]);
    for text in [
        "count(value) == 4 && size(value) == 4 && value.size() == 4",
        "sum(value) == 10.0",
        "avg(value) == 2.5",
        "median(value) == 3.0",
        "median(value.filter(x, x < 4.0)) == 2.0",
        "max(value) == 4.0 && min(value) == 1.0",
        "sum([]) == 0 && sum([1, 2]) == 3 && sum([1, 0.5]) == 1.5",
        "avg([1, 2]) == 1.5",
    ] {
        assert_eq!(judged(numbers(), text, answer.clone()), "true", "{text}");
    }
    for function in ["avg", "median", "max", "min"] {
        let verdict = judged(numbers(), &format!("{function}(value) < 1.0"), json!([]));
        assert_eq!(verdict, format!("error: `{function}(value)` has no value for an empty list"));
    }
}

#[test]
fn strings_and_durations() {
    let text = json!({ "type": "string" });
    for expression in [
        "value.startsWith('lib') && value.endsWith('.so') && value.contains('ét')",
        "size(value) == 9",
        "value > 'a' && value + '!' == 'libété.so!'",
        "value in ['x', 'libété.so']",
    ] {
        assert_eq!(judged(text.clone(), expression, json!("libété.so")), "true", "{expression}");
    }
    let duration = json!({ "type": "string", "format": "duration" });
    for expression in [
        "value <= duration('52w')",
        "value > duration('8h') && value < duration('P1D')",
        "value + duration('1h') == duration('10h')",
        "-value < duration('0')",
    ] {
        assert_eq!(judged(duration.clone(), expression, json!("PT9H")), "true", "{expression}");
    }
    check(
        judged(duration.clone(), "value < duration('1 year')", json!("PT9H")),
        expect![
            "['1 year'] `1 year` is not a duration (write 36h, 52w or P1DT2H; months and years have no fixed length)"
        ],
    );
    check(
        judged(duration, "value < duration('1d')", json!("soon")),
        expect![[r#"error: the answer is not of the type duration: it holds a string"#]],
    );
}

#[test]
fn objects_and_what_may_be_absent() {
    let answer = json!({ "days": 5, "authored": "2026-01-02", "by": null });
    assert_eq!(judged(activity(), "value.authored >= '2026-01-01'", answer.clone()), "true");
    assert_eq!(judged(activity(), "value.by == null || value.by.name == 'x'", answer.clone()), "true");
    assert_eq!(judged(activity(), "has(value.by) && !has(value.authored)", answer.clone()), "false");
    check(
        judged(activity(), "value.by.name == 'x'", answer),
        expect!["error: `value.by.name` needs an object but got null"],
    );
    check(
        judged(activity(), "value.authored == 'x'", json!({ "days": 5 })),
        expect!["error: there is no field `authored` in the value of `value`"],
    );
    let map = json!({ "type": "object", "additionalProperties": { "type": "integer" } });
    assert_eq!(
        judged(map.clone(), "value['a'] == 1 && value.b == 2 && 'a' in value", json!({"a": 1, "b": 2})),
        "true"
    );
    check(
        judged(map, "value['c'] == 1", json!({"a": 1})),
        expect!["error: there is no field `c` in the value of `value`"],
    );
    check(
        judged(numbers(), "value[3] > 1.0", json!([1])),
        expect!["error: `value[3]` asks for element 3 of a list of 1"],
    );
}

#[test]
fn mistakes_are_found_before_anything_runs() {
    let cases = [
        (activity(), "value.dais <= 3"),
        (activity(), "value <= 3"),
        (activity(), "value.days <= '3'"),
        (activity(), "value.days"),
        (numbers(), "value > 3"),
        (numbers(), "cuont(value) > 3"),
        (numbers(), "value.count() > 3"),
        (numbers(), "count(value, 1) > 3"),
        (numbers(), "max(3) > 3"),
        (numbers(), "value.filter(z, z) == []"),
        (numbers(), "valeu.all(z, zz > 1.0) && 1"),
        (int(), "value.map(x, x) == []"),
        (int(), "value ? true : false"),
        (int(), "value == null"),
        (int(), "'a' in value"),
        (int(), "value && true"),
        (int(), "{'a': 1}.a == 1"),
        (int(), "value == 3u"),
    ];
    let told: Vec<String> = cases
        .into_iter()
        .map(|(schema, text)| format!("{text}\n{}\n", judged(schema, text, json!(0))))
        .collect();
    check(
        told.join("\n"),
        expect![[r#"
        value.dais <= 3
        [value.dais] there is no field `dais` (did you mean `days`?)

        value <= 3
        [value <= 3] `<=` cannot compare object with authored, by, days with int (compare one of its fields: authored, by, days)

        value.days <= '3'
        [value.days <= '3'] `<=` cannot compare int with string

        value.days
        [value.days] expected bool, found int (a policy expression must say true (pass) or false)

        value > 3
        [value > 3] `>` cannot compare list of double with int (compare a number made of the list, such as count(value) or max(value))

        cuont(value) > 3
        [cuont(value)] unknown function `cuont` (did you mean `count`?)

        value.count() > 3
        [value.count()] `count` is not called on a value (count(list): how many elements it has)

        count(value, 1) > 3
        [count(value, 1)] `count` takes 1 argument(s), found 2 (count(list): how many elements it has)

        max(3) > 3
        [3] `max` needs a list of numbers, found int (max(list): its greatest number)

        value.filter(z, z) == []
        [z] expected bool, found double (the condition of a macro must be true or false)

        valeu.all(z, zz > 1.0) && 1
        [valeu] unknown name `valeu` (did you mean `value`?)
        [zz] unknown name `zz` (did you mean `z`?)
        [1] expected bool, found int (both sides of `&&` are true or false)

        value.map(x, x) == []
        [value] `value` is not a list

        value ? true : false
        [value] expected bool, found int (what stands before `?` must be true or false)

        value == null
        [value == null] `==` cannot compare int with null

        'a' in value
        ['a' in value] string cannot be in int

        value && true
        [value] expected bool, found int (both sides of `&&` are true or false)

        {'a': 1}.a == 1
        [{] objects cannot be written here

        value == 3u
        [3u] whole numbers are written without the `u`
    "#]],
    );
}

#[test]
fn what_is_no_expression_is_told_in_plain_words() {
    assert_eq!(judged(int(), " ", json!(0)), "[ ] the expression is empty (an example: value <= 3)");
    let long = "1 + ".repeat(1000);
    assert_eq!(judged(int(), &long, json!(0)), format!("[{long}] the expression is longer than 2048 bytes"));
    let deep = format!("{}value{} == 1", "(".repeat(100), ")".repeat(100));
    let chain = format!("value == 1{}", " + 1".repeat(400));
    let cases = [
        "value <=",
        "value < 3 4",
        "(value < 3",
        "value < 3)",
        "value <* 3",
        "value < 'x",
        "value # 3",
        "(lte $ 3)",
        "é < 3",
        "'é' < 'ü' )",
        "value.filter(3, x) == []",
        "99999999999999999999 > value",
        "1e999 > value",
        "\u{1b}[31m",
        &deep,
        &chain,
    ];
    let told: Vec<String> = cases
        .into_iter()
        .map(|text| judged(int(), text, json!(0)))
        .map(|told: String| told.chars().take(160).collect())
        .collect();
    check(
        told.join("\n"),
        expect![[r#"
            [] the expression ends too early
            [4] `4` is not expected here
            [] the expression ends too early
            [)] `)` is not expected here
            [*] `*` is not expected here
            ['] these characters have no meaning in an expression
            [#] these characters have no meaning in an expression
            [$] these characters have no meaning in an expression (this looks like a policy expression of Hipcheck; here `(lte $ 3)` is `value <= 3`)
            [é] these characters have no meaning in an expression
            [)] `)` is not expected here
            [3] argument must be a simple name
            [9] this number is too large
            [1] this number is too large
            [] these characters have no meaning in an expression
            [(] the expression is nested more than 64 deep
            [+] the expression is nested more than 200 deep
            [1] the expression is nested more than 200 deep"#]],
    );
}

#[test]
fn what_the_schema_does_not_tell_is_checked_while_it_runs() {
    let anything = json!(true);
    assert_eq!(judged(anything.clone(), "value.a[0] + 1 > 3", json!({ "a": [3] })), "true");
    assert_eq!(judged(anything.clone(), "value.a.all(x, x > 1.5)", json!({ "a": [3, 2.5] })), "true");
    check(
        judged(anything.clone(), "value.a > 3", json!({ "a": "x" })),
        expect!["error: `value.a > 3` needs string but got int"],
    );
    check(
        judged(anything.clone(), "value", json!(3)),
        expect!["error: `value` needs true or false but got int"],
    );
    check(
        judged(anything, "max(value) > 3", json!(["x"])),
        expect!["error: `max(value)` needs a list of numbers but got string"],
    );
    check(
        judged(int(), "value > 3", json!("x")),
        expect!["error: the answer is not of the type int: it holds a string"],
    );
}

#[test]
fn schemas_become_types() {
    let of = |schema: Value| Type::from_schema(&schema).to_string();
    assert_eq!(of(json!({ "type": ["integer", "null"] })), "int or null");
    assert_eq!(of(json!({ "type": ["integer", "number"] })), "double");
    assert_eq!(of(json!({ "oneOf": [{ "const": "a" }, { "const": "b" }] })), "string");
    assert_eq!(of(json!({ "enum": ["a", "b"] })), "string");
    assert_eq!(of(json!({ "anyOf": [{ "type": "string" }, { "type": "integer" }] })), "any");
    assert_eq!(of(json!({ "allOf": [{ "type": "boolean" }] })), "bool");
    assert_eq!(
        of(json!({ "type": "array", "items": { "type": "array", "items": { "type": "string" } } })),
        "list of list of string"
    );
    assert_eq!(of(json!({ "$ref": "https://example.org/other" })), "any");
    assert_eq!(of(json!({ "$ref": "#/$defs/a", "$defs": { "a": { "$ref": "#/$defs/a" } } })), "any");
    assert_eq!(of(activity()), "object with authored, by, days");
    // Each level refers twice to the next: reading all would take 2^60 steps.
    let mut bomb = json!({ "type": "string" });
    for level in 0..60 {
        let next = json!({ "$ref": format!("#/$defs/l{}", level + 1) });
        bomb["$defs"][format!("l{level}")] =
            json!({ "type": "object", "properties": { "a": next, "b": next } });
    }
    bomb["$defs"]["l60"] = json!({ "type": "string" });
    bomb = json!({ "$ref": "#/$defs/l0", "$defs": bomb["$defs"] });
    assert!(of(bomb).starts_with("object with a, b"));
}

#[test]
fn a_comparison_shows_both_sides() {
    let churn = "divz(count(value.filter(z, z > 3.0)), count(value)) <= 0.02";
    let expression = Expression::compile(churn, "value", &Type::from_schema(&numbers())).unwrap();
    let judgement = expression.judgement(&json!([4.0, 1.0, 1.0, 1.0])).unwrap();
    let compared = judgement.comparison.unwrap();
    assert_eq!((compared.left, compared.operator, compared.right), (0.25, "<=", 0.02));
    assert!(!judgement.holds);
}

#[test]
fn a_costly_expression_ends() {
    let answer: Vec<i64> = (0..3000).collect();
    let text = "value.all(x, value.all(y, value.all(z, x + y + z >= 0.0)))";
    check(
        judged(numbers(), text, json!(answer)),
        expect!["error: the expression takes more than 50000000 steps on this answer"],
    );
}
