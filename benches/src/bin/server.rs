//! The server under load.

fn main() -> std::process::ExitCode {
    exam_server::cli::main()
}
