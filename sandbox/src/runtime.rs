//! Which files of the machine a program needs in order to start: its dynamic loader and its libraries.
//!
//! Nothing is executed to find out. The files are read as hostile input; what cannot be understood is left out, and the
//! loader will then name what it misses.

mod cache;
mod elf;

use elf::Elf;
use std::collections::BTreeSet;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Where the loader keeps the paths of libraries outside the default directories.
const CACHE: &str = "/etc/ld.so.cache";

/// Where loaders look without being told.
#[cfg(target_arch = "aarch64")]
const DEFAULT_DIRECTORIES: [&str; 7] = [
    "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
    "/usr/local/lib",
];
#[cfg(not(target_arch = "aarch64"))]
const DEFAULT_DIRECTORIES: [&str; 7] = [
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
    "/usr/local/lib",
];

/// Where paths mean different things to different processes.
const OF_THE_SYSTEM: [&str; 3] = ["/proc", "/dev", "/sys"];

/// The most files that are followed from one program.
const LIMIT: usize = 1000;
/// The most places where libraries are looked for.
const PLACES_LIMIT: usize = 200_000;

/// The loader and the libraries that a program or a library needs, itself not included, for
/// [`crate::Profile::execute`]. By the names under which they are looked for, which may be links. Sorted; empty for a
/// static program.
///
/// # Errors
///
/// If the file cannot be read, or is no 64-bit program of this byte order.
pub fn runtime_libraries(program: &Path) -> io::Result<Vec<PathBuf>> {
    let mut search = Search::default();
    search.follow(program, &Elf::read(program)?);
    Ok(search.finish())
}

/// What a program needs that a plugin is to start.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StartedProgram {
    /// The dynamic loader, which the kernel executes in its stead: for [`crate::Profile::programs`], beside the program. None
    /// for a static program.
    pub loader: Option<PathBuf>,
    /// What the loader maps, for [`crate::Profile::read`]. Sorted.
    pub libraries: Vec<PathBuf>,
}

/// The same as [`runtime_libraries`], the loader apart.
///
/// # Errors
///
/// If the file cannot be read, or is no 64-bit program of this byte order.
pub fn started_program(program: &Path) -> io::Result<StartedProgram> {
    let elf = Elf::read(program)?;
    let mut search = Search::default();
    search.follow(program, &elf);
    let (loader, libraries) = search.finish().into_iter().partition(|path| elf.loader.as_ref() == Some(path));
    let loader: Vec<PathBuf> = loader;
    Ok(StartedProgram { loader: loader.into_iter().next(), libraries })
}

/// The same for all libraries in a directory and below, e.g. an interpreter's own modules, which it loads as it runs.
///
/// # Errors
///
/// If the directory cannot be listed.
pub fn libraries_below(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut search = Search::default();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in directory.read_dir()? {
            let entry = entry?;
            let (path, kind) = (entry.path(), entry.file_type()?);
            if kind.is_dir() {
                directories.push(path);
            } else if kind.is_file()
                && entry.file_name().to_string_lossy().contains(".so")
                && let Ok(library) = Elf::read(&path)
            {
                search.follow(&path, &library);
            }
        }
    }
    Ok(search.finish())
}

#[derive(Default)]
struct Search {
    found: BTreeSet<PathBuf>,
    cache: Option<Vec<(String, PathBuf)>>,
    uses_cache: bool,
    /// In how many places was looked.
    places: usize,
}

impl Search {
    /// Adds all that a file needs.
    fn follow(&mut self, path: &Path, file: &Elf) {
        if let Some(loader) = &file.loader
            && suitable(loader, file.machine).is_some()
        {
            self.found.insert(loader.clone());
        }
        // What a program's own search path finds for it, it also finds for the program's libraries.
        let inherited = file.search_path(path);
        let mut waiting = vec![(path.to_owned(), file.clone())];
        while let Some((path, file)) = waiting.pop() {
            let mut directories = file.search_path(&path);
            directories.extend(inherited.iter().cloned());
            for name in &file.needed {
                if let Some((path, library)) = self.library(name, &directories, file.machine)
                    && self.found.len() < LIMIT
                    && self.found.insert(path.clone())
                {
                    waiting.push((path, library));
                }
            }
        }
    }

    /// In the order in which the loader looks.
    fn library(&mut self, name: &str, directories: &[PathBuf], machine: u16) -> Option<(PathBuf, Elf)> {
        self.places += directories.len() + DEFAULT_DIRECTORIES.len();
        if self.places > PLACES_LIMIT {
            return None;
        }
        if name.contains('/') {
            let path = Path::new(name);
            return if path.is_absolute() { suitable(path, machine) } else { None };
        }
        let default = DEFAULT_DIRECTORIES.iter().map(PathBuf::from);
        let mut places = directories.iter().cloned().chain(default);
        if let Some(found) = places.find_map(|directory| suitable(&directory.join(name), machine)) {
            return Some(found);
        }
        let cache = self.cache.get_or_insert_with(|| cache::entries(Path::new(CACHE)));
        let mut cached = cache.iter().filter(|(known, _)| known == name).map(|(_, path)| path.clone());
        let found = cached.find_map(|path| suitable(&path, machine))?;
        self.uses_cache = true;
        Some(found)
    }

    fn finish(mut self) -> Vec<PathBuf> {
        if self.uses_cache {
            self.found.insert(PathBuf::from(CACHE));
        }
        self.found.into_iter().collect()
    }
}

/// A loader or library for this processor. What a program names is going to be granted to it, so nothing else passes: no
/// directory, no other file, no path that means something else to another process.
fn suitable(path: &Path, machine: u16) -> Option<(PathBuf, Elf)> {
    let own = |place: &Path| OF_THE_SYSTEM.iter().any(|system| place.starts_with(system));
    // After a `..` the path says nothing of the kind by itself.
    let ways = path.ancestors().filter(|way| way.components().any(|part| part == Component::ParentDir));
    if own(path) || ways.flat_map(Path::canonicalize).any(|way| own(&way)) {
        return None;
    }
    let file = Elf::read(path).ok()?;
    (file.shared && file.machine == machine).then(|| (path.to_owned(), file))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program whose header lists a loader for each of these paths.
    fn program_with_loaders(paths: &[&str]) -> Vec<u8> {
        let mut program = b"\x7fELF\x02".to_vec();
        program.push(if cfg!(target_endian = "little") { 1 } else { 2 });
        program.resize(64, 0);
        program[16..18].copy_from_slice(&3_u16.to_ne_bytes());
        let machine = std::fs::read(std::env::current_exe().unwrap()).unwrap()[18..20].to_vec();
        program[18..20].copy_from_slice(&machine);
        program[32..40].copy_from_slice(&64_u64.to_ne_bytes());
        program[54..56].copy_from_slice(&56_u16.to_ne_bytes());
        program[56..58].copy_from_slice(&u16::try_from(paths.len()).unwrap().to_ne_bytes());
        let mut offset = 64 + 56 * paths.len() as u64;
        for path in paths {
            let mut header = [0; 56];
            header[0..4].copy_from_slice(&3_u32.to_ne_bytes());
            header[8..16].copy_from_slice(&offset.to_ne_bytes());
            header[32..40].copy_from_slice(&(path.len() as u64).to_ne_bytes());
            program.extend(header);
            offset += path.len() as u64;
        }
        paths.iter().for_each(|path| program.extend(path.as_bytes()));
        program
    }

    #[test]
    fn what_is_no_loader_is_not_granted_although_a_program_names_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("program");
        let own = std::env::current_exe().unwrap();
        let loader = Elf::read(&own).unwrap().loader.expect("this program is expected to be dynamic");
        let loader = loader.to_str().unwrap();
        let found = |loaders: &[&str]| {
            std::fs::write(&path, program_with_loaders(loaders)).unwrap();
            runtime_libraries(&path).unwrap()
        };
        assert_eq!(found(&[loader]), [Path::new(loader)]);
        // The kernel uses the first, so a second one would only be granted.
        assert_eq!(found(&[loader, "/etc"]), found(&[loader]));
        for other in
            ["/", "/etc/passwd", "/proc/self/root", "/proc/self/exe", "/usr/../proc/self/exe", "/nowhere"]
        {
            assert_eq!(found(&[other]), Vec::<PathBuf>::new(), "{other}");
        }
    }

    #[test]
    fn a_dynamic_program_needs_its_loader_and_the_c_library() {
        let program = std::env::current_exe().unwrap();
        let found = runtime_libraries(&program).unwrap();
        let named = |part: &str| found.iter().any(|path| path.to_string_lossy().contains(part));
        assert!(named("ld-") && named("libc."), "{found:?}");
        assert!(found.iter().all(|path| path.is_absolute() && path.exists()), "{found:?}");
    }

    #[test]
    fn what_is_no_program_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        for (name, bytes) in
            [("empty", b"".as_slice()), ("script", b"#!/bin/sh\n"), ("cut", b"\x7fELF\x02\x01\x01")]
        {
            let path = directory.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            assert!(runtime_libraries(&path).is_err(), "{name}");
        }
    }

    #[test]
    fn a_damaged_program_neither_panics_nor_takes_long() {
        let whole = std::fs::read(std::env::current_exe().unwrap()).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("damaged");
        let head = &whole[..whole.len().min(64 << 10)];
        for at in (16..1024.min(head.len())).step_by(7) {
            let mut damaged = head.to_vec();
            damaged[at..(at + 4).min(head.len())].fill(0xff);
            std::fs::write(&path, &damaged).unwrap();
            // Either answer is right; reading beyond the file or without end is not.
            let _ = runtime_libraries(&path);
        }
    }
}
