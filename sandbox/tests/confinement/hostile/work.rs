//! What an honest plugin does, and what therefore has to work.

use super::{Attack, check, effect};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::ptr;

pub(crate) const WORK: &[(&str, Attack)] = &[
    ("work_threads", |_| {
        let sum: u64 = (0..8).map(|n| std::thread::spawn(move || n * n)).map(|t| t.join().unwrap()).sum();
        effect(sum == 140)
    }),
    ("work_pool", |_| {
        use rayon::prelude::*;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(4).build().map_err(io::Error::other)?;
        effect(pool.install(|| (0..100_000_u64).into_par_iter().sum::<u64>()) == 4_999_950_000)
    }),
    ("work_tokio_current", |_| serve(tokio::runtime::Builder::new_current_thread().enable_all().build()?)),
    ("work_tokio_multi", |_| {
        serve(tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build()?)
    }),
    ("work_map_file", map_file),
    ("work_scratch", scratch),
    ("work_environment", |_| {
        let all: Vec<_> = std::env::vars().collect();
        effect(all == [("GREETING".to_owned(), "hello".to_owned())])
    }),
    ("work_directory", |a| effect(std::env::current_dir()? == std::path::Path::new(a[0]))),
    ("work_descriptors", |_| {
        // SAFETY: the command takes no argument, and an unopened number is an error.
        let open = (0..256).filter(|number| unsafe { libc::fcntl(*number, libc::F_GETFD) } >= 0);
        effect(open.collect::<Vec<_>>() == [0, 1, 2])
    }),
    ("work_again", |_| {
        let before = fs::read_to_string("folder/note").unwrap_or_default();
        fs::create_dir_all("folder")?;
        fs::write("folder/note", format!("{before}."))?;
        std::os::unix::fs::symlink("/etc/passwd", "link")?;
        println!("{}", before.len());
        Ok(())
    }),
    ("work_panic", |_| effect(std::panic::catch_unwind(|| panic!("on purpose")).is_err())),
    ("work_signals", |_| {
        // SAFETY: the default handler of this signal does nothing.
        check(unsafe { libc::raise(libc::SIGURG) }).map(drop)
    }),
];

/// Answers lines from standard input through the runtime's own descriptors, timers and tasks, as a plugin's server does.
fn serve(runtime: tokio::runtime::Runtime) -> io::Result<()> {
    use std::os::fd::AsFd;
    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
    use tokio::net::unix::pipe;
    runtime.block_on(async {
        let input = pipe::Receiver::from_owned_fd(io::stdin().as_fd().try_clone_to_owned()?)?;
        let mut output = pipe::Sender::from_owned_fd(io::stdout().as_fd().try_clone_to_owned()?)?;
        let mut lines = BufReader::new(input).lines();
        while let Some(line) = lines.next_line().await? {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            let answer = tokio::spawn(async move { format!("{line}!\n") }).await.map_err(io::Error::other)?;
            output.write_all(answer.as_bytes()).await?;
        }
        tokio::task::spawn_blocking(|| ()).await.map_err(io::Error::other)
    })
}

/// Maps a file privately, as readers of large indexed files do.
fn map_file(a: &[&str]) -> io::Result<()> {
    let file = File::open(a[0])?;
    let length = usize::try_from(file.metadata()?.len()).unwrap();
    // SAFETY: maps the whole file, which nobody changes meanwhile.
    let bytes = unsafe {
        let memory =
            libc::mmap(ptr::null_mut(), length, libc::PROT_READ, libc::MAP_PRIVATE, file.as_raw_fd(), 0);
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        check(libc::madvise(memory, length, libc::MADV_RANDOM))?;
        std::slice::from_raw_parts(memory.cast::<u8>(), length)
    };
    effect(bytes == b"public data")
}

/// All that a plugin does in its scratch directory, which is its working directory.
fn scratch(_: &[&str]) -> io::Result<()> {
    fs::create_dir_all("a/b")?;
    fs::write("a/b/one", "one")?;
    fs::copy("a/b/one", "two")?;
    fs::rename("two", "a/three")?;
    std::os::unix::fs::symlink("three", "a/link")?;
    let mut file = File::options().read(true).write(true).open("a/link")?;
    file.set_len(2)?;
    file.write_all(b"x")?;
    file.sync_all()?;
    let mut text = String::new();
    File::open("a/three")?.read_to_string(&mut text)?;
    let names = fs::read_dir("a")?.count();
    fs::remove_dir_all("a")?;
    effect(text == "xn" && names == 3)
}
