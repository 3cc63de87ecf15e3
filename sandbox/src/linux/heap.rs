//! The C library's heap.

/// Keeps this process to one heap. glibc gives each thread that allocates one of its own and hands nothing back from one to
/// another, so that a program whose threads pass large values along holds several times what it uses. Call it before the first
/// thread is started. Other C libraries have one heap anyway.
pub fn share_one_heap() {
    #[cfg(target_env = "gnu")]
    // SAFETY: sets a number inside the allocator; there is no thread yet that could use it meanwhile.
    unsafe {
        // It can only fail for a name that glibc does not know; then the memory is as it would be without.
        libc::mallopt(libc::M_ARENA_MAX, 1);
    }
}
