//! The server under test.

fn main() -> std::process::ExitCode {
    exam_server::cli::main()
}
