//! Asks about small repositories that the real git made, and compares with what git says about them.

mod changes;
mod contents;
mod history;
mod lab;
mod touched;
mod unavailable;
mod unwanted;
