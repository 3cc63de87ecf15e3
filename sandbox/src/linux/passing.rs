//! Passing descriptors along with a message on the status socket.

use super::descriptors::check;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::ptr;

/// The most descriptors that come along with one message.
pub(super) const MOST: RawFd = 8;

/// The bytes that they take in a message's control part; rounded up to what aligns it.
// SAFETY: computes with numbers.
const SPACE: usize = unsafe { libc::CMSG_SPACE(MOST as u32 * SIZE) } as usize;
const SIZE: u32 = size_of::<RawFd>() as u32;

/// Room for the descriptors, aligned as their header has to be.
#[repr(C, align(8))]
struct Control([u8; SPACE]);

/// Sends one message with a descriptor, of which the receiver gets a duplicate.
pub(super) fn send(socket: &UnixStream, bytes: &[u8], descriptor: &OwnedFd) -> io::Result<()> {
    send_all(socket, bytes, std::slice::from_ref(descriptor))
}

/// Sends one message with descriptors, at least one and at most [`MOST`].
pub(super) fn send_all(socket: &UnixStream, bytes: &[u8], descriptors: &[OwnedFd]) -> io::Result<()> {
    let length = u32::try_from(descriptors.len()).map_err(io::Error::other)? * SIZE;
    if !(SIZE..=MOST.cast_unsigned() * SIZE).contains(&length) {
        return Err(io::Error::other("that many descriptors do not go with a message"));
    }
    let mut vector = libc::iovec { iov_base: bytes.as_ptr().cast_mut().cast(), iov_len: bytes.len() };
    let mut control = Control([0; SPACE]);
    let mut message = message(&mut vector, &mut control);
    // SAFETY: the message's parts are living values of the sizes given, and are not written to. The control part has room
    // for one header with that many descriptors, which therefore is there.
    let sent = unsafe {
        message.msg_controllen = libc::CMSG_SPACE(length) as _;
        let header = libc::CMSG_FIRSTHDR(&raw const message);
        (*header).cmsg_level = libc::SOL_SOCKET;
        (*header).cmsg_type = libc::SCM_RIGHTS;
        (*header).cmsg_len = libc::CMSG_LEN(length) as _;
        let places = libc::CMSG_DATA(header).cast::<RawFd>();
        for (at, descriptor) in descriptors.iter().enumerate() {
            ptr::write_unaligned(places.add(at), descriptor.as_raw_fd());
        }
        libc::sendmsg(socket.as_raw_fd(), &raw const message, libc::MSG_NOSIGNAL)
    };
    check(sent).map(drop)
}

/// Receives one message: how many bytes, none at the end, and the descriptor that came along.
pub(crate) fn receive(socket: &UnixStream, bytes: &mut [u8]) -> io::Result<(usize, Option<OwnedFd>)> {
    receive_all(socket, bytes).map(|(count, descriptors)| (count, descriptors.into_iter().next()))
}

/// As [`receive`], with all descriptors that came along, in their order.
pub(super) fn receive_all(socket: &UnixStream, bytes: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
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
    let descriptors = rights.map(|header| {
        // SAFETY: computes with numbers.
        let empty = unsafe { libc::CMSG_LEN(0) } as usize;
        #[allow(clippy::unnecessary_cast, reason = "its type depends on the C library")]
        let count = (header.cmsg_len as usize).saturating_sub(empty) / size_of::<RawFd>();
        // SAFETY: the header is followed by that many descriptors, for which there was room, and they are nobody else's.
        let taken = |at| unsafe {
            let places = libc::CMSG_DATA(header).cast::<RawFd>();
            OwnedFd::from_raw_fd(ptr::read_unaligned(places.add(at)))
        };
        (0..count).map(taken).collect()
    });
    Ok((count.cast_unsigned(), descriptors.unwrap_or_default()))
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
