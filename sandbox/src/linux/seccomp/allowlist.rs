//! The system calls that are allowed whatever their arguments, each with the reason why it can do no harm.
//!
//! To add one, name the reason; the tests refuse an entry without one. That a call opens or changes files is no reason
//! against it: Landlock decides which files. A call that Landlock does not mediate has no place here. Calls that
//! only some architectures have are older spellings of others, with the same reach.

use super::calls::Call;

/// System calls and the one reason why they are allowed.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) reason: &'static str,
    pub(super) calls: &'static [Call],
}

macro_rules! allow {
    ($($reason:literal: $($call:ident)+;)*) => {
        &[$(Group { reason: $reason, calls: &[$(Call::$call),+] }),*]
    };
}

pub(super) const ALLOWED: &[Group] = allow! {
    "reads from a descriptor that it holds": read readv pread64 preadv preadv2;
    "writes to a descriptor that it holds": write writev pwrite64 pwritev pwritev2;
    "copies between descriptors that it holds": copy_file_range sendfile;
    "moves in a file that it holds": lseek;
    "gives up descriptors": close close_range;
    "duplicates a descriptor that it holds": dup dup2 dup3;
    "opens a file: Landlock decides which": open openat openat2 creat;
    "lists a directory that it could open": getdents getdents64;
    "sees names, sizes and times of files, which the level standard does not hide":
        stat lstat fstat newfstatat statx statfs fstatfs access faccessat faccessat2 readlink readlinkat;
    "its own working directory, which gives no right": getcwd chdir fchdir;
    "its own mask for the modes of new files": umask;
    "makes and removes names: Landlock decides where":
        mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat;
    "sizes a file: Landlock decides which": truncate ftruncate fallocate;
    "writes its own data to the disk": fsync fdatasync sync_file_range;
    "hints about reading a file that it holds": fadvise64 readahead;
    "pipes and events between its own threads, bounded by the limit of descriptors":
        pipe pipe2 eventfd eventfd2 signalfd4;
    "waits for descriptors that it holds":
        poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2;
    "its own timers on clocks that all share, and what has been set of them": timerfd_create timerfd_settime
        timerfd_gettime timer_settime timer_gettime timer_getoverrun timer_delete setitimer getitimer alarm;
    "its own memory, bounded by the limit of memory":
        munmap mprotect mremap msync mincore brk mlock munlock pkey_alloc pkey_free pkey_mprotect;
    "orders memory between its own threads": membarrier;
    "locks between its own threads": futex futex_waitv set_robust_list;
    "bookkeeping of its own threads": set_tid_address rseq gettid sched_yield getcpu arch_prctl;
    "processors and priority that a process has, which shows at most that it exists":
        sched_getaffinity getpriority;
    "who it is": getpid getppid getpgid getpgrp getsid getuid geteuid getgid getegid getgroups getresuid getresgid
        capget;
    "what machine it is on": uname sysinfo;
    "what it has used, and may use": times getrusage getrlimit;
    "handles its own signals": rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigsuspend
        rt_sigtimedwait sigaltstack restart_syscall pause;
    "sleeps": nanosleep;
    "reads the clock, as it can without system calls": gettimeofday time;
    "randomness, as it can have from the processor": getrandom;
    "ends itself": exit exit_group;
    "uses a stream socket that it was given, or half of its own pair; connects nothing":
        recvfrom recvmsg shutdown getsockname getpeername getsockopt;
    "becomes another program: Landlock decides which, and all restrictions stay": execve execveat;
};
