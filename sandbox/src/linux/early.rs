//! A launcher that is to execute a program need not wait until Rust's runtime has got ready for a program of its own, which
//! reads maps of its memory and makes a stack for signals.

use super::confine::launched;
use crate::error::LaunchError;
use crate::spec::PROGRAM_ARGUMENT;
use std::ffi::{CStr, c_char, c_int};

/// The C library calls this before `main`, with what `main` gets.
#[used]
// SAFETY: what is called takes what the GNU C library gives, and needs nothing that is made ready later.
#[unsafe(link_section = ".init_array")]
static EARLY: extern "C" fn(c_int, *const *const c_char) = early;

/// Does not return in a launcher that is to execute a program, and does nothing in any other process.
extern "C" fn early(count: c_int, arguments: *const *const c_char) {
    if count < 2 {
        return;
    }
    // SAFETY: there are at least two arguments, and each is a string that ends with NUL and outlives the process's `main`.
    let argument = unsafe { CStr::from_ptr(*arguments.add(1)) };
    if argument.to_bytes() != PROGRAM_ARGUMENT.as_bytes() {
        return;
    }
    match launched() {
        // Nobody has started it for this, so it may be anything: `main` knows what to say.
        Err(LaunchError::NotStartedByHost) => {}
        // The host has been told why.
        _ => std::process::exit(1),
    }
}
