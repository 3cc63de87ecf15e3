//! Attacks that want to talk to somebody.

use super::{Attack, check};
use std::io::{self, Write};
use std::mem::size_of;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;

pub(crate) const ATTACKS: &[(&str, Attack)] = &[
    ("tcp_connect", |a| TcpStream::connect(("127.0.0.1", a[0].parse().unwrap()))?.write_all(b"hello")),
    ("tcp_listen", |_| TcpListener::bind("127.0.0.1:0").map(drop)),
    ("udp_send", |a| {
        UdpSocket::bind("127.0.0.1:0")?.send_to(b"hello", ("127.0.0.1", a[0].parse().unwrap())).map(drop)
    }),
    ("unix_connect", |a| UnixStream::connect(a[0])?.write_all(b"hello")),
    ("abstract_socket", abstract_socket),
    ("netlink", |_| socket(libc::AF_NETLINK, libc::SOCK_RAW, 0)),
    ("raw", |_| socket(libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_ICMP)),
    ("packets", |_| socket(libc::AF_PACKET, libc::SOCK_RAW, 0)),
    ("virtual_machines", |_| socket(libc::AF_VSOCK, libc::SOCK_STREAM, 0)),
    ("ciphers", |_| socket(libc::AF_ALG, libc::SOCK_SEQPACKET, 0)),
    ("multipath", |_| socket(libc::AF_INET, libc::SOCK_STREAM, libc::IPPROTO_MPTCP)),
    ("unix_bind", |a| std::os::unix::net::UnixListener::bind(a[0]).map(drop)),
    ("fast_open", fast_open),
    ("listen_unbound", |_| {
        // SAFETY: takes integers.
        let socket = check(unsafe { libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0) })? as i32;
        // SAFETY: takes integers.
        check(unsafe { libc::listen(socket, 1) }).map(drop)
    }),
    ("socket_program", socket_program),
    ("datagram_pair", datagram_pair),
    ("sequenced_pair", |_| pair(libc::SOCK_SEQPACKET).map(drop)),
];

fn socket(family: i32, kind: i32, protocol: i32) -> io::Result<()> {
    // SAFETY: takes integers.
    check(unsafe { libc::socket(family, kind, protocol) }).map(drop)
}

/// Connects by sending.
fn fast_open(a: &[&str]) -> io::Result<()> {
    let port: u16 = a[0].parse().unwrap();
    // SAFETY: takes integers.
    let socket = check(unsafe { libc::socket(libc::AF_INET, libc::SOCK_STREAM, 0) })? as i32;
    // SAFETY: all zeros are a valid address.
    let mut address: libc::sockaddr_in = unsafe { std::mem::zeroed() };
    address.sin_family = libc::AF_INET as u16;
    address.sin_port = port.to_be();
    address.sin_addr.s_addr = u32::from(std::net::Ipv4Addr::LOCALHOST).to_be();
    let length = size_of::<libc::sockaddr_in>() as u32;
    // SAFETY: the bytes and the address are living values of the sizes given.
    check(unsafe {
        let to = (&raw const address).cast();
        libc::sendto(socket, c"hello".as_ptr().cast(), 5, libc::MSG_FASTOPEN, to, length)
    } as i64)
    .map(drop)
}

/// Has the kernel run a program on what arrives at its own socket.
fn socket_program(_: &[&str]) -> io::Result<()> {
    let [end, _] = pair(libc::SOCK_STREAM)?;
    let accept = libc::sock_filter { code: 0x06, jt: 0, jf: 0, k: u32::MAX };
    let program = libc::sock_fprog { len: 1, filter: (&raw const accept).cast_mut() };
    let length = size_of::<libc::sock_fprog>() as u32;
    // SAFETY: the program is a living value of the size given.
    check(unsafe {
        let program = (&raw const program).cast();
        libc::setsockopt(end, libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, program, length)
    })
    .map(drop)
}

fn abstract_socket(_: &[&str]) -> io::Result<()> {
    use std::os::linux::net::SocketAddrExt;
    let name = format!("sandbox-test-{}", std::process::id());
    let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
    std::os::unix::net::UnixListener::bind_addr(&address).map(drop)
}

pub(super) fn pair(kind: i32) -> io::Result<[i32; 2]> {
    let mut ends = [-1; 2];
    // SAFETY: room for two descriptors.
    check(unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, ends.as_mut_ptr()) })?;
    Ok(ends)
}

/// Points one half of a harmless pair at a socket of another program.
fn datagram_pair(a: &[&str]) -> io::Result<()> {
    let [end, _] = pair(libc::SOCK_DGRAM)?;
    let mut address = libc::sockaddr_un { sun_family: libc::AF_UNIX as u16, sun_path: [0; 108] };
    for (to, from) in address.sun_path.iter_mut().zip(a[0].bytes()) {
        *to = from as libc::c_char;
    }
    let mut bytes = *b"hello";
    let mut vector = libc::iovec { iov_base: bytes.as_mut_ptr().cast(), iov_len: bytes.len() };
    // SAFETY: all zeros is a valid message.
    let mut message: libc::msghdr = unsafe { std::mem::zeroed() };
    message.msg_name = (&raw mut address).cast();
    message.msg_namelen = size_of::<libc::sockaddr_un>() as u32;
    message.msg_iov = &raw mut vector;
    message.msg_iovlen = 1;
    // SAFETY: all pointers are to living values of the sizes given.
    check(unsafe { libc::sendmsg(end, &raw const message, 0) } as i64).map(drop)
}
