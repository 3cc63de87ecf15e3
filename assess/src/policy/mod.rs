//! Policies: what a person wrote down about what is checked, how it is judged and what it weighs.
//!
//! A policy is a KDL file. [`Policy::parse`] reads it and tells all that is wrong with its shape; [`Policy::check`]
//! checks it against what the plugins say of themselves and makes of it what is run. Nothing here reads files or
//! starts plugins.

mod checked;
mod comments;
mod digest;
mod json;
mod model;
mod nodes;
mod parse;
mod problem;
mod schema;
mod suppressing;
mod suppression;
mod tree;

#[cfg(test)]
mod tests;

pub use checked::{
    CheckedAnalysis, CheckedPolicy, CheckedSuppression, Facts, Origin, Part, PluginFacts, PluginTrouble,
};
pub use model::{
    Analysis, Branch, Category, Configuration, Expr, Instance, PluginDeclaration, Policy, Spanned,
};
pub use parse::BUILT_INS;
pub(crate) use parse::MAX_BYTES;
pub use problem::{Cause, PolicyErrors, Problem, Text};
pub use schema::schema;
pub use suppression::{PathPattern, Place, Suppression, rule_name};

/// The name of the built-in policy in messages.
pub const BUILT_IN_NAME: &str = "built-in policy";

/// The built-in policy, with the reasons for its limits as comments. It is also what a new policy begins with.
pub fn annotated_default() -> &'static str {
    include_str!("../../policies/default.kdl")
}

impl Policy {
    /// The policy that is in force where there is no other.
    ///
    /// # Errors
    /// Never with an unaltered program; kept as an error so that a broken build says what is wrong.
    pub fn built_in() -> Result<Policy, PolicyErrors> {
        Policy::parse(BUILT_IN_NAME, annotated_default())
    }
}
