//! The attribute `#[query]` of `probity-sdk`: turns a function into a query that a plugin can offer.

use proc_macro::TokenStream;

mod query;

/// Makes a function a query.
///
/// The function takes the engine and a key, and returns a `Result` of a value or of an `Answer`. Its doc comment
/// becomes the query's description, its name the query's name.
///
/// Arguments: `default` (the plugin's analysis), `volatile` (never remembered), `uses("plugin/query", …)` (what it may
/// ask), `cost = "…"` (how much work an answer is), `name = "…"` (where the name is not the function's).
///
/// The function can be called as before. Only its name is taken: a variable of that name cannot be bound beside it.
#[proc_macro_attribute]
pub fn query(arguments: TokenStream, item: TokenStream) -> TokenStream {
    query::expand(arguments.into(), item.into()).unwrap_or_else(|error| error.to_compile_error()).into()
}
