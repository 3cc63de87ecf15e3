//! The plugin `archive` as a program of its own.
fn main() -> std::process::ExitCode {
    probity_plugin_archive::run()
}
