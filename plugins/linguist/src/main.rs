//! The plugin `linguist` as a program of its own.
fn main() -> std::process::ExitCode {
    probity_plugin_linguist::run()
}
