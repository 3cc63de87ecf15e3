//! The program of which the tests have one in each language: see `compatibility.rs`.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::thread::JoinHandleExt;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) fn run(arguments: &[String]) -> ExitCode {
    match work(&arguments[0]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn work(granted: &str) -> io::Result<()> {
    files()?;
    let data = fs::read(granted)?;
    println!("granted: {} {:08x}", String::from_utf8_lossy(&data), hashed(FIRST, &data));
    threads();
    memory();
    pipes()?;
    signals();
    numbers();
    clocks();
    for (line, number) in io::stdin().lines().zip(1..) {
        println!("{number}: {}", line?);
    }
    Ok(())
}

const FIRST: u32 = 2_166_136_261;

fn hashed(value: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(value, |value, byte| (value ^ u32::from(*byte)).wrapping_mul(16_777_619))
}

fn files() -> io::Result<()> {
    fs::create_dir("d")?;
    fs::write("d/b", "one")?;
    fs::write("d/a", "three")?;
    fs::rename("d/a", "d/c")?;
    File::options().append(true).open("d/c")?.write_all(b"!")?;
    let mut found = fs::read_dir("d")?.collect::<Result<Vec<_>, _>>()?;
    found.sort_by_key(fs::DirEntry::file_name);
    print!("files:");
    for entry in found {
        print!(" {} {},", entry.file_name().to_string_lossy(), entry.metadata()?.len());
    }
    println!(" {}", fs::read_to_string("d/c")?);
    fs::remove_dir_all("d")?;
    let missing = File::open("d/b").unwrap_err().kind();
    println!("missing: {}", if missing == io::ErrorKind::NotFound { "ENOENT" } else { "strange" });
    Ok(())
}

fn threads() {
    let total = Arc::new(Mutex::new(0_u64));
    let add = |first: u64| {
        let total = Arc::clone(&total);
        thread::spawn(move || (first..1000).step_by(8).for_each(|i| *total.lock().unwrap() += i * i))
    };
    let all: Vec<_> = (0..8).map(add).collect();
    all.into_iter().for_each(|thread| thread.join().unwrap());
    println!("threads: {}", total.lock().unwrap());
}

fn memory() {
    let blocks = (1..=200_u8).map(|i| vec![i; usize::from(i) * 1009]).zip(1..);
    let blocks: Vec<_> = blocks.filter(|(_, number)| number % 3 != 0).collect();
    let mut kept = 0_u64;
    for (mut block, number) in blocks {
        block.resize(2 * block.len(), 0);
        assert!(block[0] == number && block[usize::from(number) * 1009 - 1] == number);
        kept += block.len() as u64;
    }
    let mut large = vec![0_u8; 64 << 20];
    for byte in large.iter_mut().step_by(4096) {
        *byte += 1;
        kept += u64::from(*byte);
    }
    println!("memory: {kept}");
}

fn pipes() -> io::Result<()> {
    let (mut end, mut other) = io::pipe()?;
    let writer = thread::spawn(move || {
        (0..1_u32 << 20).step_by(4096).try_for_each(|at| {
            let chunk: Vec<u8> = (at..at + 4096).map(|i| i.wrapping_mul(7).to_le_bytes()[0]).collect();
            other.write_all(&chunk)
        })
    });
    let (mut total, mut value, mut chunk) = (0, FIRST, [0; 1000]);
    loop {
        match end.read(&mut chunk)? {
            0 => break,
            count => (total, value) = (total + count, hashed(value, &chunk[..count])),
        }
    }
    writer.join().unwrap()?;
    println!("pipe: {total} {value:08x}");
    Ok(())
}

static HEARD: AtomicU32 = AtomicU32::new(0);

extern "C" fn hear(signal: libc::c_int) {
    HEARD.fetch_add(u32::from(signal == libc::SIGUSR2), Ordering::SeqCst);
}

fn signals() {
    let waiting = thread::spawn(thread::park);
    // SAFETY: the handler does nothing but add a number, and the thread that is signalled has not been joined.
    unsafe {
        libc::signal(libc::SIGUSR2, hear as extern "C" fn(libc::c_int) as libc::sighandler_t);
        libc::raise(libc::SIGUSR2);
        libc::kill(libc::getpid(), libc::SIGUSR2);
        libc::pthread_kill(waiting.as_pthread_t(), libc::SIGUSR2);
    }
    waiting.thread().unpark();
    waiting.join().unwrap();
    println!("signals: {}", HEARD.load(Ordering::SeqCst));
}

fn numbers() {
    let next = |last: &u32| Some(last.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    let mut all: Vec<u32> = std::iter::successors(Some(1), next).skip(1).take(1000).collect();
    all.sort_unstable();
    println!("numbers: {} {} {} {:.20} {:.3}", all[0], all[500], all[999], 0.1, -2.0 / 3.0);
}

fn clocks() {
    let before = Instant::now();
    thread::sleep(Duration::from_millis(1));
    let later = before.elapsed() >= Duration::from_millis(1);
    println!("clock: {}", if later { "later" } else { "early" });
}
