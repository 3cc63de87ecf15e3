//! The plugins of this program, under names that a policy may use bare.

use probity_sdk::prelude::*;

/// Runs the plugin that the first argument names.
pub(crate) fn run(arguments: &[String]) -> ExitCode {
    match arguments.first().map(String::as_str) {
        Some("activity") => {
            Plugin::<Empty>::new("probity/core/activity", "1.0.0").query(day).input("time/day").run()
        }
        Some("binary") => Plugin::<Empty>::new("probity/core/binary", "1.0.0").query(tree).run(),
        Some("entropy") => {
            Plugin::<Empty>::new("probity/core/entropy", "1.0.0").query(careless).query(volatile).run()
        }
        Some("identity") => Plugin::<Empty>::new("probity/core/identity", "1.0.0").query(fails).run(),
        Some("review") => {
            Plugin::<Empty>::new("probity/core/review", "1.0.0").query(page).input("http").run()
        }
        Some("churn") => Plugin::<Slow>::new("probity/core/churn", "1.0.0").query(slow).run(),
        _ => ExitCode::FAILURE,
    }
}

/// The day.
#[query(default)]
fn day(engine: &Engine, _key: Target) -> Result<Answer<String>> {
    Ok(Answer::new(engine.input("time", "day")?))
}

/// What a server says, or why it was not asked.
#[query(default)]
fn page(engine: &Engine, _key: Target) -> Result<Answer<String>> {
    #[derive(Deserialize)]
    struct Page {
        text: String,
    }
    match engine.input::<Page>("http", "https://api.example.org/page") {
        Ok(page) => Ok(Answer::new(page.text)),
        Err(error) => Ok(Answer::new(error.message().to_owned())),
    }
}

/// The tree.
#[query(default)]
fn tree(_engine: &Engine, key: Target) -> Result<Answer<String>> {
    Ok(Answer::new(key.tree))
}

/// Never has an answer, without a fact being the reason.
#[query(default)]
fn fails(_engine: &Engine, _key: Target) -> Result<Answer<u64>> {
    std::process::abort()
}

/// Goes on without one.
#[query(default, uses("identity/fails"))]
fn careless(engine: &Engine, key: Target) -> Result<Answer<u64>> {
    Ok(Answer::new(engine.query::<u64>("identity/fails", &key).unwrap_or(7)))
}

/// Holds for no time at all.
#[query(volatile)]
fn volatile(_engine: &Engine, _key: Target) -> Result<Answer<u64>> {
    Ok(Answer::new(7))
}

#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct Slow {
    /// The tree that takes for ever.
    hang: String,
}

/// Never answers at the configured tree, whoever asks it to stop.
#[query(default)]
fn slow(engine: &Engine<Slow>, key: Target) -> Result<Answer<u64>> {
    if key.tree == engine.config().hang {
        engine.log(LogLevel::Warn, "begins what takes for ever");
        loop {
            std::thread::park();
        }
    }
    Ok(Answer::new(1))
}
