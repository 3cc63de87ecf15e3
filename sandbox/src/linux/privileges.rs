//! Giving up privileges: supplementary groups, capabilities, and those that executing a program could give.

use super::descriptors::check;
use std::io;
use std::ptr;

/// The newest version of the capability calls: two words for each set.
const VERSION_3: u32 = 0x2008_0522;
/// Being uid 0 gives no capabilities, and none of that can be undone: `SECBIT_NOROOT`, `SECBIT_NO_SETUID_FIXUP`, the
/// locks of both, and the lock of `SECBIT_KEEP_CAPS`.
const SECURE_BITS: libc::c_ulong = 0x2f;

#[repr(C)]
struct Header {
    version: u32,
    pid: i32,
}

#[repr(C)]
#[derive(Clone, Copy, Default, PartialEq)]
struct Sets {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Gives up everything, and returns whether nothing is left.
pub(super) fn drop_all() -> io::Result<bool> {
    let mut sets = capabilities()?;
    if sets != [Sets::default(); 2] {
        drop_while_capable();
        sets = [Sets::default(); 2];
        let header = Header { version: VERSION_3, pid: 0 };
        // SAFETY: both point to initialised memory of the layout that this version has.
        check(unsafe { libc::syscall(libc::SYS_capset, &raw const header, sets.as_ptr()) })?;
    }
    // SAFETY: takes integers only.
    check(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) })?;
    // SAFETY: takes integers only.
    let no_new_privileges = check(unsafe { libc::prctl(libc::PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) })? == 1;
    Ok(no_new_privileges && capabilities()? == [Sets::default(); 2])
}

/// What needs a capability to be given up. A process without that capability has nothing to lose by it, hence failures
/// are not errors: what counts is that no capability is left, and that `no_new_privs` is set.
fn drop_while_capable() {
    // SAFETY: an empty list of groups is not read; all else takes integers only.
    unsafe {
        libc::setgroups(0, ptr::null());
        libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        libc::prctl(libc::PR_SET_SECUREBITS, SECURE_BITS, 0, 0, 0);
        for capability in 0..64_u64 {
            // The first number that the kernel does not know is an error.
            if libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) != 0 {
                break;
            }
        }
    }
}

fn capabilities() -> io::Result<[Sets; 2]> {
    let header = Header { version: VERSION_3, pid: 0 };
    let mut sets = [Sets::default(); 2];
    // SAFETY: the header is initialised, and `sets` has room for the two words that this version writes.
    check(unsafe { libc::syscall(libc::SYS_capget, &raw const header, sets.as_mut_ptr()) })?;
    Ok(sets)
}
