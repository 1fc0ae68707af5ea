//! The examination server's program.

/// A start makes hundreds of small allocations, and phones come back by the thousand: with the
/// system's allocator a start costs a fifth more.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    exam_server::cli::main()
}
