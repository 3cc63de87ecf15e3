//! The functions that expressions may call: their names, what they take and what they give.

use super::types::Type;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Function {
    Divz,
    Count,
    Sum,
    Avg,
    Median,
    Max,
    Min,
    Size,
    ToInt,
    ToDouble,
    ToDuration,
    StartsWith,
    EndsWith,
    Contains,
}

/// How a function is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// `count(list)`
    Global,
    /// `text.contains(part)`
    Method,
    Either,
}

/// What an argument may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Parameter {
    Number,
    List,
    Numbers,
    Text,
    Sized,
    NumberOrText,
}

/// One function as the checker knows it.
#[derive(Debug)]
pub(super) struct Signature {
    pub(super) name: &'static str,
    pub(super) function: Function,
    pub(super) style: Style,
    /// With the receiver first, for methods.
    pub(super) parameters: &'static [Parameter],
    /// What it means, for the description of the language.
    pub(super) meaning: &'static str,
}

const fn row(
    name: &'static str,
    function: Function,
    style: Style,
    parameters: &'static [Parameter],
    meaning: &'static str,
) -> Signature {
    Signature { name, function, style, parameters, meaning }
}

/// Every function, in the order in which they are explained.
pub(super) const SIGNATURES: [Signature; 14] = {
    use Function as F;
    use Parameter::{List, Number, NumberOrText, Numbers, Sized, Text};
    use Style::{Either, Global, Method};
    [
        row(
            "divz",
            F::Divz,
            Global,
            &[Number, Number],
            "divz(a, b): a divided by b as doubles; 0.0 where b is 0",
        ),
        row("count", F::Count, Global, &[List], "count(list): how many elements it has"),
        row("sum", F::Sum, Global, &[Numbers], "sum(list): the sum of its numbers; 0 for an empty list"),
        row("avg", F::Avg, Global, &[Numbers], "avg(list): the mean of its numbers"),
        row(
            "median",
            F::Median,
            Global,
            &[Numbers],
            "median(list): its middle number, the upper of the two middle ones",
        ),
        row("max", F::Max, Global, &[Numbers], "max(list): its greatest number"),
        row("min", F::Min, Global, &[Numbers], "min(list): its least number"),
        row(
            "size",
            F::Size,
            Either,
            &[Sized],
            "size(x): elements of a list, members of an object, characters of a string",
        ),
        row("int", F::ToInt, Global, &[NumberOrText], "int(x): x as a whole number, the fraction cut off"),
        row("double", F::ToDouble, Global, &[NumberOrText], "double(x): x as a double"),
        row(
            "duration",
            F::ToDuration,
            Global,
            &[Text],
            "duration(\"52w\"): a span of time; units w d h m s ms us ns, or ISO 8601",
        ),
        row("startsWith", F::StartsWith, Method, &[Text, Text], "text.startsWith(part)"),
        row("endsWith", F::EndsWith, Method, &[Text, Text], "text.endsWith(part)"),
        row("contains", F::Contains, Method, &[Text, Text], "text.contains(part)"),
    ]
};

/// The function of that name.
pub(super) fn find(name: &str) -> Option<&'static Signature> {
    SIGNATURES.iter().find(|signature| signature.name == name)
}

impl Function {
    /// The name that expressions use.
    pub(super) fn signature(self) -> Option<&'static Signature> {
        SIGNATURES.iter().find(|signature| signature.function == self)
    }

    /// The type of the result for arguments that were accepted.
    pub(super) fn result(self, arguments: &[Type]) -> Type {
        match self {
            Function::Divz | Function::Avg | Function::ToDouble => Type::Double,
            Function::Count | Function::Size | Function::ToInt => Type::Int,
            Function::ToDuration => Type::Duration,
            Function::StartsWith | Function::EndsWith | Function::Contains => Type::Bool,
            Function::Sum | Function::Median | Function::Max | Function::Min => {
                match arguments.first().map(Type::present) {
                    Some(Type::List(element)) => element.present().clone(),
                    _ => Type::Any,
                }
            }
        }
    }
}

impl Parameter {
    /// Whether a value of the type may be handed over.
    pub(super) fn accepts(self, ty: &Type) -> bool {
        let ty = ty.present();
        if *ty == Type::Any {
            return true;
        }
        match self {
            Parameter::Number => ty.may_be_number(),
            Parameter::List => matches!(ty, Type::List(_)),
            Parameter::Numbers => matches!(ty, Type::List(element) if element.may_be_number()),
            Parameter::Text => *ty == Type::String,
            Parameter::Sized => matches!(ty, Type::List(_) | Type::Map(_) | Type::Object(_) | Type::String),
            Parameter::NumberOrText => ty.may_be_number() || *ty == Type::String,
        }
    }

    pub(super) fn description(self) -> &'static str {
        match self {
            Parameter::Number => "a number",
            Parameter::List => "a list",
            Parameter::Numbers => "a list of numbers",
            Parameter::Text => "a string",
            Parameter::Sized => "a list, an object or a string",
            Parameter::NumberOrText => "a number or a string",
        }
    }
}
