//! The report in its forms. Each takes the data and returns text; nothing here decides or prints.

pub(crate) mod json;
pub(crate) mod sarif;
pub(crate) mod text;
pub(crate) mod why;
