//! Tests against repositories that the real `git` program makes.

mod committed;
mod hostile;
mod lab;
mod opening;
mod references;
mod remembering;
mod storing;
mod taking;
mod working_tree;
