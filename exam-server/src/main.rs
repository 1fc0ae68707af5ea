//! The examination server's program.

fn main() -> std::process::ExitCode {
    exam_server::cli::main()
}
