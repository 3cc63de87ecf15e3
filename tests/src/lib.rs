//! Helpers of the whole-program tests: a repository made for a test, and the real `probity` run on it in an emptied environment.
//!
//! Start with [`Lab`]. Nothing here knows Probity's insides: a test sees what a person sees.

mod lab;
mod recipe;
mod repository;
mod watch;

pub use lab::{Lab, Run};
pub use recipe::{Finds, Recipe};
pub use repository::Repository;
pub use watch::{Stream, Watched};
