//! Recognises the macros `exists`, `all`, `exists_one`, `filter` and `map` in the loops that CEL's parser makes of
//! them. Users cannot write such loops themselves, so nothing else can be met.

use cel::common::ast::{ComprehensionExpr, Expr, IdedExpr, LiteralValue, operators};

/// What a loop stands for.
pub(super) enum Macro<'a> {
    Any(&'a IdedExpr),
    All(&'a IdedExpr),
    One(&'a IdedExpr),
    Filter(&'a IdedExpr),
    Map { condition: Option<&'a IdedExpr>, result: &'a IdedExpr },
}

/// The macro behind a loop, or nothing if a later parser makes loops of another form.
pub(super) fn recognise(comprehension: &ComprehensionExpr) -> Option<Macro<'_>> {
    let (operator, arguments) = call(&comprehension.loop_step)?;
    match &comprehension.accu_init.expr {
        Expr::Literal(LiteralValue::Boolean(_)) => match (operator, arguments) {
            (operators::LOGICAL_OR, [_, test]) => Some(Macro::Any(test)),
            (operators::LOGICAL_AND, [_, test]) => Some(Macro::All(test)),
            _ => None,
        },
        Expr::Literal(LiteralValue::Int(_)) => match (operator, arguments) {
            (operators::CONDITIONAL, [test, _, _]) => Some(Macro::One(test)),
            _ => None,
        },
        Expr::List(_) => match (operator, arguments) {
            (operators::CONDITIONAL, [condition, step, _]) => {
                let result = appended(step)?;
                if matches!(&result.expr, Expr::Ident(name) if *name == comprehension.iter_var) {
                    return Some(Macro::Filter(condition));
                }
                Some(Macro::Map { condition: Some(condition), result })
            }
            _ => Some(Macro::Map { condition: None, result: appended(&comprehension.loop_step)? }),
        },
        _ => None,
    }
}

/// The `x` of `result + [x]`.
fn appended(step: &IdedExpr) -> Option<&IdedExpr> {
    match call(step)? {
        (operators::ADD, [_, list]) => match &list.expr {
            Expr::List(list) => list.elements.first(),
            _ => None,
        },
        _ => None,
    }
}

fn call(expression: &IdedExpr) -> Option<(&str, &[IdedExpr])> {
    match &expression.expr {
        Expr::Call(call) if call.target.is_none() => Some((&call.func_name, &call.args)),
        _ => None,
    }
}
