//! Attacks by way of the kernel's less trodden interfaces, each a place where faults have been or may be.

use super::processes::call;
use super::{Attack, check, effect};
use std::fs::OpenOptions;
use std::io;
use std::ptr;

// SAFETY: in this table, pointers are to living values of the size that the call wants, strings end with NUL, null
// pointers stand where nothing is wanted, all else is integers.
pub(crate) const ATTACKS: &[(&str, Attack)] = &[
    ("asynchronous_reads", |_| {
        let mut context = 0_u64;
        check(unsafe { libc::syscall(libc::SYS_io_setup, 1, &raw mut context) }).map(drop)
    }),
    ("programs_in_kernel", |_| {
        // An array with one entry.
        let mut attributes = [0_u32; 32];
        attributes[..4].copy_from_slice(&[2, 4, 4, 1]);
        check(unsafe { libc::syscall(libc::SYS_bpf, 0, attributes.as_ptr(), 128) }).map(drop)
    }),
    ("performance", |_| {
        // The software's clock, of this process, not of the kernel.
        let mut attributes = [0_u32; 32];
        attributes[..2].copy_from_slice(&[1, 128]);
        attributes[10] = 0b110_0001;
        check(unsafe { libc::syscall(libc::SYS_perf_event_open, attributes.as_ptr(), 0, -1, -1, 0) })
            .map(drop)
    }),
    ("filter", filter),
    ("key_ring", |_| call(libc::SYS_keyctl, [1, 0, 0, 0, 0])),
    ("kernel_log", |_| call(libc::SYS_syslog, [10, 0, 0, 0, 0])),
    ("write_settings", |_| OpenOptions::new().write(true).open("/proc/sys/kernel/hostname").map(drop)),
    ("discipline_of_clock", |_| {
        let mut state = [0_u64; 64];
        check(unsafe { libc::syscall(libc::SYS_adjtimex, state.as_mut_ptr()) }).map(drop)
    }),
    ("set_clock", |_| call(libc::SYS_settimeofday, [0; 5])),
    ("quota", |_| call(libc::SYS_quotactl, [0x80_0001 << 8, 0, 0, 0, 0])),
    ("memory_policy", |_| call(libc::SYS_set_mempolicy, [0; 5])),
    ("merge_memory", |_| advise(libc::MADV_MERGEABLE)),
    ("hang_up", hang_up),
    ("terminal", |_| OpenOptions::new().read(true).write(true).open("/dev/ptmx").map(drop)),
    ("semaphores", |_| {
        let set = check(unsafe { libc::semget(libc::IPC_PRIVATE, 1, 0o600) })? as i32;
        check(unsafe { libc::semctl(set, 0, libc::IPC_RMID) }).map(drop)
    }),
    ("named_queue", named_queue),
    ("secret_memory", |_| call(libc::SYS_memfd_secret, [0; 5])),
    #[cfg(target_arch = "x86_64")]
    ("descriptor_table", |_| {
        let mut table = [0_u64; 8];
        check(unsafe { libc::syscall(libc::SYS_modify_ldt, 0, table.as_mut_ptr(), 64) }).map(drop)
    }),
    #[cfg(target_arch = "x86_64")]
    ("hardware", |_| call(libc::SYS_iopl, [3, 0, 0, 0, 0])),
    #[cfg(target_arch = "x86_64")]
    ("other_architecture", |_| {
        let mut result: i64 = 20;
        // Asks for the process id, as a 32-bit program does.
        unsafe {
            std::arch::asm!("int 0x80", inlateout("rax") result, out("r8") _, out("r9") _, out("r10") _, out("r11") _);
        }
        effect(result > 0)
    }),
];

fn advise(advice: i32) -> io::Result<()> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping, and advice about just that.
    unsafe {
        let memory = libc::mmap(ptr::null_mut(), 4096, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0);
        effect(memory != libc::MAP_FAILED)?;
        check(libc::madvise(memory, 4096, advice)).map(drop)
    }
}

/// A filter that allows everything.
fn filter(_: &[&str]) -> io::Result<()> {
    let allow = libc::sock_filter { code: 0x06, jt: 0, jf: 0, k: libc::SECCOMP_RET_ALLOW };
    let program = libc::sock_fprog { len: 1, filter: (&raw const allow).cast_mut() };
    // SAFETY: the program lives until the call returns.
    unsafe {
        libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        let set = libc::SECCOMP_SET_MODE_FILTER;
        check(libc::syscall(libc::SYS_seccomp, set, 0, &raw const program)).map(drop)
    }
}

/// Hangs up the terminal of a session of its own, never that of whoever runs the tests.
fn hang_up(_: &[&str]) -> io::Result<()> {
    // SAFETY: these take integers only.
    unsafe {
        let leads = libc::setsid() >= 0 || libc::getsid(0) == libc::getpid();
        effect(leads)?;
        check(libc::vhangup()).map(drop)
    }
}

fn named_queue(_: &[&str]) -> io::Result<()> {
    let name = super::text(&format!("sandbox-test-{}", std::process::id()));
    let flags = libc::O_CREAT | libc::O_EXCL | libc::O_RDWR;
    // SAFETY: the name ends with NUL, and the default attributes are wanted.
    unsafe {
        check(libc::syscall(libc::SYS_mq_open, name.as_ptr(), flags, 0o600, 0))?;
        check(libc::syscall(libc::SYS_mq_unlink, name.as_ptr())).map(drop)
    }
}
