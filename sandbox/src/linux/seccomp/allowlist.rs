//! The system calls that are allowed whatever their arguments, each with the reason why it can do no harm.
//!
//! To add one, name the reason; the tests refuse an entry without one. That a call opens or changes files is no reason
//! against it: Landlock decides which files. A call that Landlock does not mediate has no place here.

/// A system call and the reason why it is allowed.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its name as in the C library's headers.
    #[cfg_attr(not(test), expect(dead_code, reason = "for the tests' messages"))]
    pub(super) name: &'static str,
    pub(super) number: libc::c_long,
    #[cfg_attr(not(test), expect(dead_code, reason = "for the reader, and for the test that demands one"))]
    pub(super) reason: &'static str,
}

macro_rules! allow {
    ($($reason:literal: $($call:ident)+;)*) => {
        &[$($(Entry { name: stringify!($call), number: libc::$call, reason: $reason },)+)*]
    };
}

/// Those that every architecture has.
pub(super) const ALLOWED: &[Entry] = allow! {
    "reads from a descriptor that it holds": SYS_read SYS_readv SYS_pread64 SYS_preadv SYS_preadv2;
    "writes to a descriptor that it holds": SYS_write SYS_writev SYS_pwrite64 SYS_pwritev SYS_pwritev2;
    "copies between descriptors that it holds": SYS_copy_file_range SYS_sendfile;
    "moves in a file that it holds": SYS_lseek;
    "gives up descriptors": SYS_close SYS_close_range;
    "duplicates a descriptor that it holds": SYS_dup SYS_dup3;
    "opens a file: Landlock decides which": SYS_openat SYS_openat2;
    "lists a directory that it could open": SYS_getdents64;
    "sees names, sizes and times of files, which the level standard does not hide":
        SYS_fstat SYS_newfstatat SYS_statx SYS_statfs SYS_fstatfs SYS_faccessat SYS_faccessat2 SYS_readlinkat;
    "its own working directory, which gives no right": SYS_getcwd SYS_chdir SYS_fchdir;
    "its own mask for the modes of new files": SYS_umask;
    "makes and removes names: Landlock decides where":
        SYS_mkdirat SYS_unlinkat SYS_renameat2 SYS_linkat SYS_symlinkat;
    "sizes a file: Landlock decides which": SYS_truncate SYS_ftruncate SYS_fallocate;
    "writes its own data to the disk": SYS_fsync SYS_fdatasync;
    "hints about reading a file that it holds": SYS_fadvise64 SYS_readahead;
    "pipes and events between its own threads, bounded by the limit of descriptors":
        SYS_pipe2 SYS_eventfd2 SYS_signalfd4;
    "waits for descriptors that it holds":
        SYS_ppoll SYS_pselect6 SYS_epoll_create1 SYS_epoll_ctl SYS_epoll_pwait SYS_epoll_pwait2;
    "its own timers": SYS_timerfd_create SYS_timerfd_settime SYS_timerfd_gettime SYS_timer_create SYS_timer_settime
        SYS_timer_gettime SYS_timer_getoverrun SYS_timer_delete SYS_setitimer SYS_getitimer;
    "its own memory, bounded by the limit of memory": SYS_munmap SYS_mprotect SYS_mremap SYS_madvise SYS_msync
        SYS_mincore SYS_brk SYS_mlock SYS_munlock SYS_pkey_alloc SYS_pkey_free SYS_pkey_mprotect;
    "orders memory between its own threads": SYS_membarrier;
    "locks between its own threads": SYS_futex SYS_futex_waitv SYS_set_robust_list;
    "bookkeeping of its own threads": SYS_set_tid_address SYS_rseq SYS_gettid SYS_sched_yield SYS_getcpu;
    "processors that it may use": SYS_sched_getaffinity SYS_getpriority;
    "who it is": SYS_getpid SYS_getppid SYS_getpgid SYS_getsid SYS_getuid SYS_geteuid SYS_getgid SYS_getegid
        SYS_getgroups SYS_getresuid SYS_getresgid SYS_capget;
    "what machine it is on": SYS_uname SYS_sysinfo;
    "what it has used": SYS_times SYS_getrusage;
    "handles its own signals": SYS_rt_sigaction SYS_rt_sigprocmask SYS_rt_sigreturn SYS_rt_sigpending
        SYS_rt_sigsuspend SYS_rt_sigtimedwait SYS_sigaltstack SYS_restart_syscall;
    "sleeps": SYS_nanosleep SYS_clock_nanosleep;
    "reads clocks, as it can without system calls": SYS_clock_gettime SYS_clock_getres SYS_gettimeofday;
    "randomness, as it can have from the processor": SYS_getrandom;
    "ends itself": SYS_exit SYS_exit_group;
    "uses a stream socket that it was given, or half of its own pair; connects nothing":
        SYS_recvfrom SYS_recvmsg SYS_sendmsg SYS_shutdown SYS_getsockname SYS_getpeername SYS_getsockopt;
    "becomes another program: Landlock decides which, and all restrictions stay": SYS_execve SYS_execveat;
};

/// Older spellings of the above, with the same reach, that only this architecture has.
#[cfg(target_arch = "x86_64")]
pub(super) const ALLOWED_HERE: &[Entry] = allow! {
    "opens a file: Landlock decides which": SYS_open SYS_creat;
    "lists a directory that it could open": SYS_getdents;
    "sees names, sizes and times of files, which the level standard does not hide":
        SYS_stat SYS_lstat SYS_access SYS_readlink;
    "makes and removes names: Landlock decides where":
        SYS_mkdir SYS_rmdir SYS_unlink SYS_rename SYS_renameat SYS_link SYS_symlink;
    "writes its own data to the disk": SYS_sync_file_range;
    "duplicates a descriptor that it holds": SYS_dup2;
    "pipes and events between its own threads, bounded by the limit of descriptors": SYS_pipe SYS_eventfd;
    "waits for descriptors that it holds": SYS_poll SYS_select SYS_epoll_create SYS_epoll_wait;
    "its own timers": SYS_alarm;
    "bookkeeping of its own threads": SYS_arch_prctl;
    "who it is": SYS_getpgrp;
    "what it has used": SYS_getrlimit;
    "handles its own signals": SYS_pause;
    "reads clocks, as it can without system calls": SYS_time;
};

/// A call that the C library still uses here, and whose number the libc crate does not know for this architecture.
#[cfg(target_arch = "aarch64")]
pub(super) const ALLOWED_HERE: &[Entry] =
    &[Entry { name: "SYS_renameat", number: 38, reason: "makes and removes names: Landlock decides where" }];
