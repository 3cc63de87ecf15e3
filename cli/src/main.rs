//! The program `probity`.

fn main() -> std::process::ExitCode {
    probity::main()
}
