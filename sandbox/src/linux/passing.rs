//! Passing a descriptor along with a message on the status socket.

use super::descriptors::check;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::ptr;

/// The bytes that one descriptor takes in a message's control part; rounded up to what aligns it.
// SAFETY: computes with numbers.
const SPACE: usize = unsafe { libc::CMSG_SPACE(size_of::<RawFd>() as u32) } as usize;

/// Room for one descriptor, aligned as its header has to be.
#[repr(C, align(8))]
struct Control([u8; SPACE]);

/// Sends one message with a descriptor, of which the receiver gets a duplicate.
pub(super) fn send(socket: &UnixStream, bytes: &[u8], descriptor: &OwnedFd) -> io::Result<()> {
    let mut vector = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    let mut control = Control([0; SPACE]);
    let message = message(&mut vector, &mut control);
    // SAFETY: the message's parts are living values of the sizes given, and are not written to. The control part has room
    // for one header with one descriptor, which therefore is there.
    let sent = unsafe {
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = libc::CMSG_LEN(size_of::<RawFd>() as u32) as _;
        ptr::write_unaligned(libc::CMSG_DATA(header).cast::<RawFd>(), descriptor.as_raw_fd());
        libc::sendmsg(socket.as_raw_fd(), &raw const message, libc::MSG_NOSIGNAL)
    };
    check(sent).map(drop)
}

/// Receives one message: how many bytes, none at the end, and the descriptor that came along.
pub(crate) fn receive(socket: &UnixStream, bytes: &mut [u8]) -> io::Result<(usize, Option<OwnedFd>)> {
    let mut vector = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
    let mut control = Control([0; SPACE]);
    let mut message = message(&mut vector, &mut control);
    // SAFETY: the message's parts are living values of the sizes given.
    let count =
        check(unsafe { libc::recvmsg(socket.as_raw_fd(), &raw mut message, libc::MSG_CMSG_CLOEXEC) })?;
    // SAFETY: the kernel has set the length of the control part to what it has written.
    let header = unsafe { libc::CMSG_FIRSTHDR(&raw const message).as_ref() };
    let rights =
        header.filter(|header| (header.cmsg_level, header.cmsg_type) == (libc::SOL_SOCKET, libc::SCM_RIGHTS));
    let descriptor = rights.map(|header| {
        // SAFETY: such a message holds at least one descriptor, there is room for no more, and it is nobody else's.
        unsafe { OwnedFd::from_raw_fd(ptr::read_unaligned(libc::CMSG_DATA(header).cast::<RawFd>())) }
    });
    Ok((count.cast_unsigned(), descriptor))
}

fn message(vector: &mut libc::iovec, control: &mut Control) -> libc::msghdr {
    // SAFETY: all zeros are a valid message, without an address.
    let mut message: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    message.msg_iov = vector;
    message.msg_iovlen = 1;
    message.msg_control = control.0.as_mut_ptr().cast();
    message.msg_controllen = SPACE as _;
    message
}
