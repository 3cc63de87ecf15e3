//! What is tried, by subject: attacks with distinct mechanisms, and variants of them.
//!
//! An attack is named `mechanism` or `mechanism/variant`. Mechanisms are what is counted.

use crate::attacks::Scene;
use crate::lab::{HARMLESS, HELD};

/// One attack: its name, the hostile plugin's function, and that one's arguments in a scene.
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) attack: &'static str,
    pub(crate) arguments: fn(&Scene) -> Vec<String>,
}

impl Case {
    pub(crate) fn mechanism(&self) -> &'static str {
        self.name.split_once('/').map_or(self.name, |(mechanism, _)| mechanism)
    }
}

macro_rules! cases {
    ($($name:literal $attack:literal $arguments:expr;)*) => {
        &[$(Case { name: $name, attack: $attack, arguments: $arguments }),*]
    };
}

/// All of them, with the subject as a heading.
pub(crate) const SUBJECTS: &[(&str, &[Case])] = &[
    ("reading files", READING),
    ("changing files", CHANGING),
    ("what lies around files", METADATA),
    ("execution", EXECUTION),
    ("network and sockets", NETWORK),
    ("processes and signals", PROCESSES),
    ("programs that are granted", PROGRAMS),
    ("memory and state of others", OTHERS),
    ("namespaces and privileges", PRIVILEGES),
    ("kernel interfaces", KERNEL),
    #[cfg(target_arch = "x86_64")]
    ("interfaces of x86_64", X86_64),
    ("resources", RESOURCES),
    ("inherited state", INHERITED),
    ("looking around", LOOKING),
];

const READING: &[Case] = cases! {
    "read_file/passwd" "read" |_| words("/etc/passwd");
    "read_file/secret_in_home" "read" |s| vec![s.lab.text("home/secret")];
    "read_file/by_dotdot" "read" |s| vec![s.lab.text("granted/../home/secret")];
    "read_by_symlink" "read" |s| vec![s.lab.text("granted/link")];
    "list_directory/home" "list" |s| vec![s.lab.text("home")];
    "list_directory/root" "list" |_| words("/");
    "list_directory/devices" "list" |_| words("/dev");
    "list_directory/processes" "list" |_| words("/proc");
    "read_own_proc/environment" "read" |_| words("/proc/self/environ");
    "read_own_proc/maps" "read" |_| words("/proc/self/maps");
    "read_own_proc/mounts" "read" |_| words("/proc/self/mounts");
    "reopen_path_descriptor" "reopen_path_descriptor" |s| vec![s.lab.text("home/secret")];
    "open_at_path_descriptor" "open_at_path_descriptor" |s| vec![s.lab.text("home")];
    "open_by_handle" "open_by_handle" |s| vec![s.lab.text("home/secret")];
    "override_modes" "read" |s| vec![s.lab.text("granted/private")];
    "splice_file_to_pipe" "splice" |s| vec![s.lab.text("granted/data")];
};

const CHANGING: &[Case] = cases! {
    "create_file/outside" "write" |s| vec![s.lab.text("home/new")];
    "create_file/temporary" "write" |s| vec![format!("{}.new", s.lab.text("home"))];
    "create_nameless_file" "nameless" |s| vec![s.lab.text("home")];
    "overwrite_granted/write" "write" |s| vec![s.lab.text("granted/data")];
    "overwrite_granted/append" "append" |s| vec![s.lab.text("granted/data")];
    "truncate_granted" "truncate" |s| vec![s.lab.text("granted/data")];
    "truncate_by_opening" "open_truncating" |s| vec![s.lab.text("granted/data")];
    "unlink_granted" "unlink" |s| vec![s.lab.text("granted/data")];
    "mkdir_in_granted" "mkdir" |s| vec![s.lab.text("granted/new")];
    "symlink_in_granted" "symlink" |s| vec!["data".to_owned(), s.lab.text("granted/new")];
    "rename/granted_to_scratch" "rename" |s| vec![s.lab.text("granted/data"), s.lab.text("scratch/data")];
    "rename/secret_to_scratch" "rename" |s| vec![s.lab.text("home/secret"), s.lab.text("scratch/secret")];
    "rename_exchanging" "rename_exchanging" |s| vec![s.lab.text("home/secret"), s.lab.text("granted/data")];
    "link_secret_to_scratch" "link_and_read" |s| vec![s.lab.text("home/secret"), s.lab.text("scratch/secret")];
    "make_pipe" "mkfifo" |s| vec![s.lab.text("scratch/pipe")];
    "make_device" "device" |s| vec![s.lab.text("scratch/device")];
};

const METADATA: &[Case] = cases! {
    "chmod/secret" "chmod" |s| vec![s.lab.text("home/secret")];
    "chmod/granted" "chmod" |s| vec![s.lab.text("granted/data")];
    "fchmod" "fchmod" |s| vec![s.lab.text("granted/data")];
    "chown" "chown" |s| vec![s.lab.text("granted/data")];
    "set_times" "utimes" |s| vec![s.lab.text("home/secret")];
    "get_attribute" "get_attribute" |s| vec![s.lab.text("home/secret")];
    "set_attribute" "set_attribute" |s| vec![s.lab.text("granted/data")];
    "inode_flags" "inode_flags" |s| vec![s.lab.text("granted/data")];
    "lock_granted" "lock" |s| vec![s.lab.text("granted/data")];
    "lock_records/process" "record_lock" |s| vec![s.lab.text("granted/data")];
    "lock_records/descriptor" "record_lock_of_descriptor" |s| vec![s.lab.text("granted/data")];
    "lease" "lease" |s| vec![s.lab.text("granted/data")];
    "watch_by_inotify" "watch" |s| vec![s.lab.text("home")];
    "watch_by_fanotify" "watch_by_fanotify" |s| vec![s.lab.text("home")];
    "watch_by_dnotify" "watch_by_descriptor" |s| vec![s.lab.text("granted")];
    "cache_statistics" "cache_statistics" |s| vec![s.lab.text("granted/data")];
    "list_mounts" "list_mounts" |_| vec![];
};

const EXECUTION: &[Case] = cases! {
    "exec_shell" "exec_shell" |_| vec![];
    "exec_by_loader" "exec_loader" |_| vec![];
    "exec_script_in_scratch" "exec_script" |s| vec![s.lab.text("scratch/script")];
    "exec_memory_file" "exec_memory" |_| vec![];
    "map_scratch_executable" "map_executable" |s| vec![s.lab.text("scratch/code")];
};

const NETWORK: &[Case] = cases! {
    "tcp_connect/plain" "tcp_connect" |s| vec![s.tcp.local_addr().unwrap().port().to_string()];
    "tcp_connect/fast_open" "fast_open" |s| vec![s.tcp.local_addr().unwrap().port().to_string()];
    "tcp_connect/multipath" "multipath" |_| vec![];
    "tcp_listen/bound" "tcp_listen" |_| vec![];
    "tcp_listen/unbound" "listen_unbound" |_| vec![];
    "udp_send" "udp_send" |s| vec![s.udp.local_addr().unwrap().port().to_string()];
    "raw_socket" "raw" |_| vec![];
    "packet_socket" "packets" |_| vec![];
    "socket_of_virtual_machines" "virtual_machines" |_| vec![];
    "socket_of_ciphers" "ciphers" |_| vec![];
    "netlink" "netlink" |_| vec![];
    "unix_connect" "unix_connect" |s| vec![s.lab.text("home/stream")];
    "unix_bind" "unix_bind" |s| vec![s.lab.text("scratch/socket")];
    "abstract_socket" "abstract_socket" |_| vec![];
    "datagram_pair_pointed_elsewhere" "datagram_pair" |s| vec![s.lab.text("home/datagram")];
    "sequenced_pair" "sequenced_pair" |_| vec![];
    "program_on_socket" "socket_program" |_| vec![];
};

const PROCESSES: &[Case] = cases! {
    "start_process/fork" "fork" |_| vec![];
    "start_process/vfork_by_library" "vfork_by_library" |_| vec![];
    "start_process/orphan" "orphan" |_| vec![];
    "start_process_by_clone3" "clone3" |_| vec![];
    "leave_session" "setsid" |_| vec![];
    "leave_group" "leave_group" |_| vec![];
    "kill/sibling" "kill" |s| vec![s.victim().pid()];
    "kill/host" "kill" |_| vec![std::process::id().to_string()];
    "kill_group" "kill_group" |s| vec![s.victim().pid()];
    "signal_thread/tkill" "tkill" |s| vec![s.victim().pid()];
    "signal_thread/tgkill" "tgkill" |s| vec![s.victim().pid()];
    "signal_by_pidfd" "pidfd_signal" |s| vec![s.victim().pid()];
    "queue_signal" "queue_signal" |s| vec![s.victim().pid()];
    "signal_by_descriptor" "signal_by_descriptor" |s| vec![s.victim().pid()];
    "outlive_host" "outlive_host" |_| vec![];
    "adopt_processes" "subreaper" |_| vec![];
    "watch_end_of_sibling" "watch_end" |s| vec![s.victim().pid()];
};

/// What takes starting processes or programs. Columns with exec grant a harmless program, and to those that go by git also git.
const PROGRAMS: &[Case] = cases! {
    "start_other_program" "start_other" |_| words("/bin/pwd");
    "fork_bomb" "fork_bomb" |_| vec!["1000".to_owned(), HELD.to_owned()];
    "outlive_plugin" "outlive_plugin" |_| vec![];
    "signal_from_child" "signal_from_child" |s| vec![s.victim().pid()];
    "signal_parent" "signal_parent" |_| vec![];
    "trace/child" "trace_child" |_| vec![];
    "memory_of_children" "memory_of_children" |_| vec![];
    "scratch_by_loader" "scratch_by_loader" |s| vec![HARMLESS.to_owned(), needs("ld-"), s.lab.text("scratch/copy")];
    "preload_scratch" "preload_scratch" |s| vec![HARMLESS.to_owned(), needs("libc."), s.lab.text("scratch/lib.so")];
    "granted_by_loader" "run_by_loader" |s| vec![needs("ld-"), s.plant(HARMLESS)];
    "preload_granted" "preload" |s| vec![HARMLESS.to_owned(), s.plant(&needs("libc."))];
    "program_by_git/alias" "program_by_git" |s| s.git("alias");
    "program_by_git/hook" "program_by_git" |s| s.git("hook");
    "program_by_git/monitor" "program_by_git" |s| s.git("monitor");
    "program_by_git/external_diff" "program_by_git" |s| s.git("external_diff");
    "program_by_git/text_conversion" "program_by_git" |s| s.git("text_conversion");
    "program_by_git/upload_pack" "program_by_git" |s| s.git("upload_pack");
    "program_by_git/external_transport" "program_by_git" |s| s.git("external_transport");
    "program_by_git/remote_shell" "program_by_git" |s| s.git("remote_shell");
};

/// What the harmless program needs, by a part of its name.
fn needs(part: &str) -> String {
    let all = probity_sandbox::runtime_libraries(std::path::Path::new(HARMLESS)).unwrap();
    let named = |path: &std::path::PathBuf| path.file_name().unwrap().to_string_lossy().starts_with(part);
    all.into_iter().find(named).unwrap().into_os_string().into_string().unwrap()
}

const OTHERS: &[Case] = cases! {
    "read_proc_of_host" "read" |_| vec![format!("/proc/{}/environ", std::process::id())];
    "list_descriptors_of_host" "list" |_| vec![format!("/proc/{}/fd", std::process::id())];
    "read_root_of_host" "read" |_| vec![format!("/proc/{}/root/etc/passwd", std::process::id())];
    "trace/sibling" "ptrace" |s| vec![s.victim().pid()];
    "trace/be_traced" "be_traced" |_| vec![];
    "read_memory" "read_memory" |s| vec![s.victim().pid(), s.victim().address.clone()];
    "write_memory" "write_memory" |s| vec![s.victim().pid(), s.victim().address.clone()];
    "open_memory" "open_memory" |s| vec![s.victim().pid()];
    "take_descriptor" "take_descriptor" |s| vec![s.victim().pid()];
    "compare_processes" "compare" |s| vec![s.victim().pid()];
    "move_pages" "move_pages" |s| vec![s.victim().pid()];
    "limits_of_sibling" "limits_of_other" |s| vec![s.victim().pid()];
    "pin_sibling" "pin" |s| vec![s.victim().pid()];
    "disk_priority_of_sibling" "disk_priority" |s| vec![s.victim().pid()];
    "scheduler_of_sibling" "scheduler" |s| vec![s.victim().pid()];
    "locks_of_sibling" "lock_list" |s| vec![s.victim().pid()];
    "processor_time_of_sibling" "processor_time" |s| vec![s.victim().pid()];
    "first_to_be_killed" "first_to_be_killed" |s| vec![s.victim().pid()];
    "merge_memory" "merge_memory" |_| vec![];
};

const PRIVILEGES: &[Case] = cases! {
    "user_namespace/unshare" "unshare_user" |_| vec![];
    "user_namespace/clone" "clone_user" |_| vec![];
    "join_namespace" "join_namespace" |_| vec![];
    "mount" "mount" |s| vec![s.lab.text("scratch")];
    "unmount" "unmount" |_| vec![];
    "change_root" "change_root" |s| vec![s.lab.text("scratch")];
    "exchange_root" "exchange_root" |s| vec![s.lab.text("scratch")];
    "open_file_system" "open_file_system" |_| vec![];
    "copy_mounts" "copy_tree" |s| vec![s.lab.text("granted")];
    "change_mount" "change_mount" |_| vec![];
    "set_host_name" "set_host_name" |_| vec![];
    "become_other_user" "other_user" |_| vec![];
    "leave_groups" "other_groups" |_| vec![];
    "set_capabilities" "capabilities" |_| vec![];
    "raise_limit" "raise_limit" |_| vec![];
    "personality" "personality" |_| vec![];
    "priority" "priority" |_| vec![];
};

const KERNEL: &[Case] = cases! {
    "io_uring" "io_uring" |_| vec![];
    "asynchronous_reads" "asynchronous_reads" |_| vec![];
    "userfault" "userfault" |_| vec![];
    "programs_in_kernel" "programs_in_kernel" |_| vec![];
    "performance_events" "performance" |_| vec![];
    "own_filter" "filter" |_| vec![];
    "add_key" "add_key" |_| vec![];
    "key_ring" "key_ring" |_| vec![];
    "kernel_log" "kernel_log" |_| vec![];
    "write_settings" "write_settings" |_| vec![];
    "discipline_of_clock" "discipline_of_clock" |_| vec![];
    "set_clock" "set_clock" |_| vec![];
    "quota" "quota" |_| vec![];
    "memory_policy" "memory_policy" |_| vec![];
    "secret_memory" "secret_memory" |_| vec![];
    "shared_memory" "shared_memory" |_| vec![];
    "message_queue" "message_queue" |_| vec![];
    "named_queue" "named_queue" |_| vec![];
    "semaphores" "semaphores" |_| vec![];
    "sync_file_system" "sync_file_system" |_| vec![];
    "hang_up_terminal" "hang_up" |_| vec![];
    "new_terminal" "terminal" |_| vec![];
};

#[cfg(target_arch = "x86_64")]
const X86_64: &[Case] = cases! {
    "descriptor_table" "descriptor_table" |_| vec![];
    "hardware_ports" "hardware" |_| vec![];
    "other_architecture" "other_architecture" |_| vec![];
};

const RESOURCES: &[Case] = cases! {
    "memory/private" "memory" |_| vec![];
    "memory/shared" "memory_shared" |_| vec![];
    "memory/growing" "memory_growing" |_| vec![];
    "heap" "memory_heap" |_| vec![];
    "locked_memory/some" "locked_memory" |_| vec![];
    "locked_memory/all" "all_memory_locked" |_| vec![];
    "descriptors" "descriptors" |_| vec![];
    "descriptors_under_way" "descriptors_under_way" |_| vec![];
    "timers" "timers" |_| vec![];
    "large_file" "large_file" |s| vec![s.lab.text("scratch/large")];
    "disk_fill/many_files" "fill_disk" |s| vec![s.lab.text("scratch"), HELD.to_owned()];
    "disk_fill/removed_files" "fill_disk_unseen" |s| vec![s.lab.text("scratch"), HELD.to_owned()];
    "disk_fill/mapped_files" "fill_disk_mapped" |s| vec![s.lab.text("scratch"), HELD.to_owned()];
    "disk_fill/mapped_with_odd_name" "fill_disk_oddly" |s| vec![s.lab.text("scratch"), HELD.to_owned()];
    "disk_fill/moving" "fill_disk_moving" |s| vec![s.lab.text("scratch"), HELD.to_owned()];
    "disk_fill/after_first_thread" "fill_disk_orphaned" |s| vec![s.lab.text("scratch"), HELD.to_owned()];
    "disk_fill/sent_files" "fill_disk_sent" |s| vec![s.lab.text("scratch"), HELD.to_owned()];
    "disk_fill/changing_numbers" "fill_disk_changing_numbers" |s| vec![s.lab.text("scratch"), HELD.to_owned()];
    "disk_fill/behind_a_look" "fill_disk_behind" |s| vec![s.lab.text("scratch"), HELD.to_owned()];
    "disk_fill/reserved" "fill_disk_reserved" |s| vec![s.lab.text("scratch"), HELD.to_owned()];
    "thread_with_own_descriptors/clone" "own_descriptors_by_clone" |_| vec![];
    "thread_with_own_descriptors/close_range" "own_descriptors_by_closing" |_| vec![];
    "inode_fill/one_folder" "fill_directory" |s| vec![s.lab.text("scratch"), HELD.to_owned()];
    "inode_fill/out_of_sight" "fill_hidden_directory" |s| vec![s.lab.text("scratch"), HELD.to_owned()];
    "thread_bomb" "threads" |_| vec!["500".to_owned(), HELD.to_owned()];
    "processor_hog" "processor" |_| vec![];
};

const INHERITED: &[Case] = cases! {
    "inherited_descriptor" "read_descriptor" |s| vec![s.leaked.to_string()];
    "inherited_variable" "read_variable" |_| words(crate::lab::SECRET_VARIABLE);
    "inherited_directory" "read" |_| words("secret");
};

const LOOKING: &[Case] = cases! {
    "stat/secret" "stat" |s| vec![s.lab.text("home/secret")];
    "stat/home" "stat" |s| vec![s.lab.text("home")];
    "stat/shadow" "stat" |_| words("/etc/shadow");
    "stat/size_of_secret" "read_size" |s| vec![s.lab.text("home/secret"), "8".to_owned()];
    "stat/times_of_clone" "read_times" |s| vec![s.lab.text("home")];
    "stat/process_of_host" "stat" |_| vec![format!("/proc/{}", std::process::id())];
    "stat/process_of_sibling" "stat" |s| vec![format!("/proc/{}", s.victim().pid())];
    "read_link" "read_link" |_| words("/proc/self/exe");
    "enter_directory" "enter" |s| vec![s.lab.text("home")];
    "own_process_id" "process_id" |_| vec![];
    "affinity_of_sibling" "see_affinity" |s| vec![s.victim().pid()];
    "free_disk_of_host" "free_disk" |_| words("/home");
    "host_name" "host_name" |_| vec![host_name()];
    "user_id" "user_id" |_| vec![user_id()];
};

/// What the level *standard* leaves open: it tells names, numbers and times. Only *full* closes it.
/// To be taken off this list when it is closed.
pub(crate) const OPEN_AT_STANDARD: &[&str] = &[
    "stat",
    "read_link",
    "enter_directory",
    "own_process_id",
    "affinity_of_sibling",
    "free_disk_of_host",
    "host_name",
    "user_id",
    "map_scratch_executable",
];

/// What a grant of exec is: processes of its own.
pub(crate) const GRANTED_WITH_EXEC: &[&str] = &["start_process"];

/// What a grant of exec opens at every level. To be taken off this list when it is closed.
pub(crate) const OPEN_WITH_EXEC: &[&str] = &["memory_of_children"];

/// What it opens at the level *standard* alone: it gives no right that the plugin lacks.
pub(crate) const OPEN_AT_STANDARD_WITH_EXEC: &[&str] =
    &["scratch_by_loader", "preload_scratch", "granted_by_loader", "preload_granted"];

/// What an ordinary user cannot do even where nothing confines it.
pub(crate) const NEEDS_ROOT: &[&str] = &[
    "open_by_handle",
    "override_modes",
    "make_device",
    "raw_socket",
    "packet_socket",
    "join_namespace",
    "mount",
    "unmount",
    "change_root",
    "exchange_root",
    "open_file_system",
    "copy_mounts",
    "change_mount",
    "set_host_name",
    "become_other_user",
    "leave_groups",
    "programs_in_kernel",
    "kernel_log",
    "write_settings",
    "set_clock",
    "hang_up_terminal",
    "hardware_ports",
];

/// What containers, security modules or the kernel's configuration deny even to free processes of some machines, besides
/// what needs root. There it cannot be shown that the attack works, but it still has to fail when confined.
pub(crate) const MAY_BE_DENIED_ANYWAY: &[&str] = &[
    "user_namespace",
    "io_uring",
    "asynchronous_reads",
    "userfault",
    "performance_events",
    "add_key",
    "key_ring",
    "trace",
    "read_memory",
    "write_memory",
    "open_memory",
    "take_descriptor",
    "compare_processes",
    "move_pages",
    "locks_of_sibling",
    "merge_memory",
    "personality",
    "shared_memory",
    "secret_memory",
    "named_queue",
    "quota",
    "memory_policy",
    "socket_of_virtual_machines",
    "socket_of_ciphers",
    "tcp_connect/multipath",
    "tcp_connect/fast_open",
    "get_attribute",
    "set_attribute",
    "inode_flags",
    "watch_by_fanotify",
    "watch_by_dnotify",
    "cache_statistics",
    "list_mounts",
    "splice_file_to_pipe",
    "locked_memory",
    "descriptor_table",
    "other_architecture",
    "create_nameless_file",
    "write_settings",
    "hardware_ports",
    "new_terminal",
    "free_disk_of_host",
];

pub(crate) fn host_name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim().to_owned()
}

pub(crate) fn user_id() -> String {
    // SAFETY: takes no argument and cannot fail.
    unsafe { libc::getuid() }.to_string()
}

fn words(words: &str) -> Vec<String> {
    words.split(' ').map(str::to_owned).collect()
}
