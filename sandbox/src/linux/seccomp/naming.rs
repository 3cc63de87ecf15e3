//! The system calls that name files, among those that are allowed: which arguments are paths, and what for.
//!
//! In a traced start the host is told of each of them before it is done. It goes on whatever the host makes of it: Landlock
//! and the file tree decide, as always.

use super::calls::Call;
use crate::attempt::Manner;

use Kind::{Always, Created, Opened, OpenedBehind};
use Last::{Followed, If, Itself, Unless};

/// System calls, and the one reason why they are told.
#[derive(Debug)]
pub(super) struct Group {
    #[cfg_attr(not(test), expect(dead_code, reason = "for the reader, and for the test that demands one"))]
    pub(super) reason: &'static str,
    pub(super) calls: &'static [(Call, &'static [Named])],
}

/// An argument that is a path. Arguments are counted from 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named {
    /// The descriptor of the folder from which a relative path is seen; the working directory where there is none.
    pub(crate) base: Option<usize>,
    pub(crate) path: usize,
    pub(crate) kind: Kind,
    pub(crate) last: Last,
}

/// What the path is for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Always(Manner),
    /// It is to be made, or to be replaced by something else.
    Created,
    /// What the flags of `open` say, which are this argument.
    Opened(usize),
    /// The flags lie where this argument points to.
    OpenedBehind(usize),
}

/// Whether a link is followed that the path ends with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Last {
    Followed,
    Itself,
    /// Unless this argument has this bit.
    Unless(usize, libc::c_int),
    /// Only if this argument has this bit.
    If(usize, libc::c_int),
}

/// The paths that a call names; none if it names none.
pub(super) fn named(call: Call) -> &'static [Named] {
    let mut all = NAMING.iter().flat_map(|group| group.calls);
    all.find(|(naming, _)| *naming == call).map_or(&[], |(_, named)| named)
}

const fn plain(path: usize, kind: Kind, last: Last) -> Named {
    Named { base: None, path, kind, last }
}

const fn at(base: usize, path: usize, kind: Kind, last: Last) -> Named {
    Named { base: Some(base), path, kind, last }
}

const LOOK: Kind = Always(Manner::Look);
const WRITE: Kind = Always(Manner::Write);
const EXECUTE: Kind = Always(Manner::Execute);
const NO_FOLLOW: libc::c_int = libc::AT_SYMLINK_NOFOLLOW;

pub(super) const NAMING: &[Group] = &[
    Group {
        reason: "opens a file: the flags say what for",
        calls: &[
            (Call::open, &[plain(0, Opened(1), Unless(1, libc::O_NOFOLLOW))]),
            (Call::openat, &[at(0, 1, Opened(2), Unless(2, libc::O_NOFOLLOW))]),
            (Call::openat2, &[at(0, 1, OpenedBehind(2), Followed)]),
            (Call::creat, &[plain(0, Created, Followed)]),
        ],
    },
    Group {
        reason: "asks what lies at a path: names, sizes, times, where a link leads",
        calls: &[
            (Call::stat, &[plain(0, LOOK, Followed)]),
            (Call::lstat, &[plain(0, LOOK, Itself)]),
            (Call::newfstatat, &[at(0, 1, LOOK, Unless(3, NO_FOLLOW))]),
            (Call::statx, &[at(0, 1, LOOK, Unless(2, NO_FOLLOW))]),
            (Call::access, &[plain(0, LOOK, Followed)]),
            (Call::faccessat, &[at(0, 1, LOOK, Followed)]),
            (Call::faccessat2, &[at(0, 1, LOOK, Unless(3, NO_FOLLOW))]),
            (Call::readlink, &[plain(0, LOOK, Itself)]),
            (Call::readlinkat, &[at(0, 1, LOOK, Itself)]),
            (Call::statfs, &[plain(0, LOOK, Followed)]),
            (Call::chdir, &[plain(0, LOOK, Followed)]),
        ],
    },
    Group {
        reason: "makes a name",
        calls: &[
            (Call::mkdir, &[plain(0, Created, Itself)]),
            (Call::mkdirat, &[at(0, 1, Created, Itself)]),
            // Where the link is to lead is a text; what is opened through the link later is told then.
            (Call::symlink, &[plain(1, Created, Itself)]),
            (Call::symlinkat, &[at(1, 2, Created, Itself)]),
        ],
    },
    Group {
        reason: "takes a name away, or gives another one",
        calls: &[
            (Call::rmdir, &[plain(0, WRITE, Itself)]),
            (Call::unlink, &[plain(0, WRITE, Itself)]),
            (Call::unlinkat, &[at(0, 1, WRITE, Itself)]),
            (Call::rename, &[plain(0, WRITE, Itself), plain(1, Created, Itself)]),
            (Call::renameat, &[at(0, 1, WRITE, Itself), at(2, 3, Created, Itself)]),
            (Call::renameat2, &[at(0, 1, WRITE, Itself), at(2, 3, Created, Itself)]),
            (Call::link, &[plain(0, WRITE, Itself), plain(1, Created, Itself)]),
            (Call::linkat, &[at(0, 1, WRITE, If(4, libc::AT_SYMLINK_FOLLOW)), at(2, 3, Created, Itself)]),
        ],
    },
    Group { reason: "changes a file's size", calls: &[(Call::truncate, &[plain(0, WRITE, Followed)])] },
    Group {
        reason: "becomes another program",
        calls: &[
            (Call::execve, &[plain(0, EXECUTE, Followed)]),
            (Call::execveat, &[at(0, 1, EXECUTE, Unless(4, NO_FOLLOW))]),
        ],
    },
];
