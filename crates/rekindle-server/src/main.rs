//! The binary `rekindle`.

fn main() -> std::process::ExitCode {
    rekindle_server::cli::main()
}
