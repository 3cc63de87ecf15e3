//! The listener of a filter: which calls it denies, and, in a traced start, which of those that it allows name files; and the
//! answers to them.

use super::descriptors::check;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

/// `SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP`, which the libc crate lacks.
const WAKE_AT_ONCE: libc::c_ulong = 1;

/// A call that waits for an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call {
    id: u64,
    /// The thread that makes it, as this process numbers it.
    pub(super) thread: u32,
    pub(super) number: u32,
    pub(super) arguments: [u64; 6],
}

/// What has happened.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// A call waits for its answer.
    Called(Call),
    /// A call was made, and its process has ended or takes a signal meanwhile.
    Withdrawn,
    /// No process is left that the filter holds for.
    Ended,
}

/// The host's end of a filter.
#[derive(Debug)]
pub(crate) struct Listener(OwnedFd);

impl Call {
    /// The thread that makes it, as this process numbers it.
    pub(crate) fn thread(&self) -> u32 {
        self.thread
    }

    #[cfg(test)]
    pub(super) fn new(number: u32, arguments: [u64; 6]) -> Call {
        Call { id: 0, thread: 0, number, arguments }
    }
}

impl Listener {
    /// The end that a launcher has handed over.
    pub(crate) fn new(descriptor: OwnedFd) -> Listener {
        // Whoever is told of a call runs at once, where its caller ran, which waits anyway. Kernels before 6.6 do not know
        // it, and it only saves time. SAFETY: takes an integer.
        unsafe {
            libc::ioctl(descriptor.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SET_FLAGS as _, WAKE_AT_ONCE)
        };
        Listener(descriptor)
    }

    /// Waits for a call, or for the end of the process that `pidfd` names.
    pub(crate) fn next(&self, pidfd: &OwnedFd) -> io::Result<Event> {
        let watched = |descriptor: &OwnedFd| libc::pollfd {
            fd: descriptor.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        let mut both = [watched(&self.0), watched(pidfd)];
        loop {
            // SAFETY: both entries are valid places for what the call writes.
            match check(unsafe { libc::poll(both.as_mut_ptr(), 2, -1) }) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
                Ok(_) => {}
            }
            if both[0].revents & libc::POLLIN != 0 {
                return self.receive();
            }
            return Ok(Event::Ended);
        }
    }

    /// Takes a call; does not wait, since there was one a moment ago.
    fn receive(&self) -> io::Result<Event> {
        // SAFETY: all zeros are a valid value of this structure, and what the kernel demands to find there.
        let mut call: libc::seccomp_notif = unsafe { std::mem::zeroed() };
        // SAFETY: the structure has the size that is part of the command.
        let received =
            unsafe { libc::ioctl(self.0.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_RECV as _, &raw mut call) };
        match check(received) {
            Ok(_) => {
                // Numbers may be negative, as a foreign program may write them; they are compared unsigned.
                let number = call.data.nr.cast_unsigned();
                Ok(Event::Called(Call { id: call.id, thread: call.pid, number, arguments: call.data.args }))
            }
            Err(error) => match error.raw_os_error() {
                Some(libc::ENOENT | libc::EINTR) => Ok(Event::Withdrawn),
                _ => Err(error),
            },
        }
    }

    /// Has the call fail with this error number.
    pub(crate) fn refuse(&self, call: &Call, error: i32) {
        self.answer(libc::seccomp_notif_resp { id: call.id, val: 0, error: -error, flags: 0 });
    }

    /// Has the kernel do what the call asks for, as if nobody listened. Only for calls that are allowed whatever they name: the
    /// program could have changed since what its arguments point to, so nothing may be decided by what was seen there.
    pub(crate) fn let_go_on(&self, call: &Call) {
        let flags = libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32;
        self.answer(libc::seccomp_notif_resp { id: call.id, val: 0, error: 0, flags });
    }

    /// Whether the call still waits: then its thread is still the one of that number.
    pub(super) fn is_waiting(&self, call: &Call) -> bool {
        let id = call.id;
        // SAFETY: the command reads the 64-bit number.
        unsafe {
            libc::ioctl(self.0.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_ID_VALID as _, &raw const id) == 0
        }
    }

    fn answer(&self, mut answer: libc::seccomp_notif_resp) {
        // SAFETY: the structure has the size that is part of the command. Fails if nobody waits for the answer any more.
        unsafe { libc::ioctl(self.0.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND as _, &raw mut answer) };
    }
}
