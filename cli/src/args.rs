//! The command line, as clap reads it. Help, completions, the man page and `docs/reference.md` come from here.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::size::Size;

/// Checks source repositories against a policy, and checks them again in milliseconds.
#[derive(Debug, Parser)]
#[command(name = "probity", version, max_term_width = 100, arg_required_else_help = true)]
#[command(
    after_help = "Exit status: 0 pass, 1 investigate, 2 wrong use or bad policy, 3 nothing could be judged, 10 an analysis erred."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
}

/// Options that every command takes.
#[derive(Debug, Clone, Args)]
pub(crate) struct Global {
    /// When to use colour; NO_COLOR is heeded too.
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", display_order = 1000)]
    pub(crate) color: Color,
    /// Says nothing on standard error but errors.
    #[arg(long, short, global = true, display_order = 1001)]
    pub(crate) quiet: bool,
    /// Tells what happens on standard error; twice tells more.
    #[arg(long, short, global = true, action = clap::ArgAction::Count, display_order = 1002)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    #[default]
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Checks a repository against a policy.
    Check(CheckArgs),
    /// Writes a commented policy, `probity.kdl`, to start from, and trusts it here.
    Init(InitArgs),
    /// Lets checks of a repository on this machine use the policy that it carries.
    Trust(TrustArgs),
    /// Explains an analysis, a rule, or how the score comes about.
    Explain(ExplainArgs),
    /// Tells what the last check of a repository reused and ran for an analysis, and why.
    Why(WhyArgs),
    /// Lists and describes plugins.
    #[command(subcommand)]
    Plugin(PluginCommand),
    /// Prints a schema: of the report, the answer of `why`, the policy, or the plugin protocol.
    Schema(SchemaArgs),
    /// Shows what this machine remembers of a repository's branches and tags, takes note of it, or forgets it.
    State(StateArgs),
    /// Shows, checks, shrinks or clears what earlier checks remembered.
    #[command(subcommand)]
    Cache(CacheCommand),
    /// Tells what this machine offers: the sandbox's guarantees, folders, interpreters.
    Doctor,
    /// Prints completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Prints the man page.
    Man,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) subject: Subject,
    /// The form of the report on standard output.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// The most seconds that one call of a plugin may take.
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) timeout: u64,
    /// Neither uses nor leaves remembered answers: everything is asked anew.
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Neither uses nor leaves anything remembered of the repository's branches and tags: the report is the same on every machine.
    #[arg(long)]
    pub(crate) no_state: bool,
    /// Asks this plugin again what is remembered of it; what rests on its answers runs again if they differ.
    #[arg(long, value_name = "PLUGIN", conflicts_with = "no_cache")]
    pub(crate) refresh: Vec<String>,
    /// Goes on and checks again whenever HEAD, the policy or (with --worktree) a file changes, until Ctrl-C; then the
    /// status is that of the last check. JSON and SARIF come as one line per check.
    #[arg(long)]
    pub(crate) watch: bool,
    /// Prints one line of JSON with counts and times to standard error.
    #[arg(long)]
    pub(crate) stats: bool,
    /// Uses answers that `cache import` took up; the report names the analyses that rest on them.
    #[arg(long)]
    pub(crate) trust_imported: bool,
}

/// What is checked, against what, as of when.
#[derive(Debug, Clone, Args)]
pub(crate) struct Subject {
    /// A folder inside the repository.
    #[arg(default_value = ".")]
    pub(crate) target: PathBuf,
    /// The policy; without it the repository's own (if trusted), else the built-in one.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    /// Checks the working tree: the last commit plus what is changed or new and not ignored.
    #[arg(long, conflicts_with = "rev")]
    pub(crate) worktree: bool,
    /// Checks this commit, branch or tag in place of HEAD.
    #[arg(long, value_name = "REV")]
    pub(crate) rev: Option<String>,
    /// Takes this day for today, in UTC.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(crate) now: Option<String>,
    #[command(flatten)]
    pub(crate) sandbox: Sandbox,
}

/// What is demanded of the sandbox.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Sandbox {
    /// Runs plugins although this machine cannot give them every guarantee that they ought to be under; see `doctor`.
    #[arg(long)]
    pub(crate) allow_weak_sandbox: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    #[default]
    Text,
    /// The report as data: `probity schema report`.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The folder to write `probity.kdl` into.
    #[arg(default_value = ".")]
    pub(crate) folder: PathBuf,
    /// Replaces a `probity.kdl` that is there.
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct TrustArgs {
    /// A folder inside the repository.
    #[arg(default_value = ".")]
    pub(crate) target: PathBuf,
    /// Takes the trust back.
    #[arg(long, conflicts_with = "list")]
    pub(crate) revoke: bool,
    /// Lists what is trusted.
    #[arg(long)]
    pub(crate) list: bool,
}

#[derive(Debug, Args)]
pub(crate) struct StateArgs {
    /// A folder inside the repository.
    #[arg(default_value = ".")]
    pub(crate) target: PathBuf,
    /// Takes note of what happened, so that checks tell of it no more. Where branches and tags are now stays remembered.
    #[arg(long, conflicts_with = "clear")]
    pub(crate) accept: bool,
    /// Forgets all of the repository.
    #[arg(long)]
    pub(crate) clear: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// An analysis of the policy; a rule, with its plugin or without (`content/private-key`); a plugin, for its rules; or `score`.
    #[arg(value_name = "RULE|score")]
    pub(crate) rule: String,
    #[command(flatten)]
    pub(crate) subject: Subject,
}

#[derive(Debug, Args)]
pub(crate) struct WhyArgs {
    /// An analysis of the last check.
    pub(crate) analysis: String,
    /// A folder inside the repository.
    #[arg(default_value = ".")]
    pub(crate) target: PathBuf,
    /// How many levels of questions are shown.
    #[arg(long, value_name = "N", default_value_t = 4)]
    pub(crate) depth: usize,
    /// Shows every question that is noted, on all levels, and whole digests.
    #[arg(long, conflicts_with = "depth")]
    pub(crate) all: bool,
    /// The form of the answer on standard output.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: WhyFormat,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhyFormat {
    /// A tree, for people.
    #[default]
    Text,
    /// All that is noted of the analysis, as data: `probity schema why`.
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PluginCommand {
    /// Lists the built-in plugins and those that a policy names.
    List {
        #[command(flatten)]
        of: Declared,
    },
    /// Describes a plugin: queries, schemas, configuration.
    Describe {
        /// A built-in plugin's name, or the id of one that the named policy declares.
        plugin: String,
        #[command(flatten)]
        of: Declared,
        /// Prints the description as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Asks a plugin again what a check asked it, in other processes and surroundings, and compares the bytes.
    CheckDeterminism {
        /// A built-in plugin's name, or the id of one that the policy declares.
        plugin: String,
        #[command(flatten)]
        subject: Subject,
    },
    /// Asks a plugin what a check asks it, and tells what it tried: which files, which system calls, which inputs.
    Trace {
        /// A built-in plugin's name, or the id of one that the policy declares.
        plugin: String,
        #[command(flatten)]
        subject: Subject,
        /// Shows every path, also those of its runtime and those at which nothing lies.
        #[arg(long, conflicts_with = "json")]
        all: bool,
        /// Prints all of it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Asks a plugin what a check asks it, and proposes the permissions that its manifest would have to ask for.
    Learn {
        /// A built-in plugin's name, or the id of one that the policy declares.
        plugin: String,
        #[command(flatten)]
        subject: Subject,
        /// Prints the proposal as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Shows what a plugin asks for on this machine, and what it gets.
    Permissions {
        /// The plugin's id.
        plugin: String,
        /// The policy that declares it; a built-in plugin needs none.
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
        /// Prints them as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Grants a plugin what it asks for, on this machine, and a package for this very one; without names, shows what that
    /// would be.
    Grant {
        /// The plugin's id.
        plugin: String,
        /// The policy that declares it; a built-in plugin needs none.
        #[arg(long, value_name = "FILE")]
        policy: Option<PathBuf>,
        /// Grants this environment variable.
        #[arg(long, value_name = "NAME")]
        env: Vec<String>,
        /// Grants this file, as the manifest writes it.
        #[arg(long, value_name = "PATH")]
        file: Vec<String>,
        /// Grants this file or folder, as the manifest writes it, to be read by the plugin itself.
        #[arg(long, value_name = "PATH")]
        read: Vec<String>,
        /// Grants the answers of this server, HOST or HOST:PORT.
        #[arg(long, value_name = "SERVER")]
        net: Vec<String>,
        /// Grants the start of this program, as the manifest writes it.
        #[arg(long, value_name = "PROGRAM")]
        exec: Vec<String>,
        /// Grants more of a resource than everybody gets, such as `memory 2GiB`.
        #[arg(long, value_name = "AMOUNT")]
        limit: Vec<String>,
        /// Grants `keep`: that the plugin finds its scratch folder again.
        #[arg(long, value_name = "keep")]
        scratch: Vec<String>,
        /// Sends the value of this environment variable along to that server as a token.
        #[arg(long, value_name = "SERVER=VARIABLE")]
        token: Vec<String>,
        /// Grants everything that the manifest asks for by name.
        #[arg(long)]
        all: bool,
        /// Takes back all that was granted to the plugin, in whatever version.
        #[arg(long, conflicts_with_all = ["policy", "env", "file", "read", "net", "exec", "limit", "scratch", "token", "all"])]
        revoke: bool,
    },
    /// Prints the hash of a plugin's folder, for a policy to name.
    Hash {
        /// The folder that holds `plugin.kdl`.
        folder: PathBuf,
    },
}

/// Which plugins there are beside the built-in ones.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Declared {
    /// Adds the plugins that this policy declares, configured as it says.
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) sandbox: Sandbox,
}

impl Declared {
    /// Those that a policy declares, none of which is started.
    pub(crate) fn by(policy: Option<&Path>) -> Declared {
        Declared { policy: policy.map(Path::to_owned), sandbox: Sandbox::default() }
    }
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArgs {
    /// What is described.
    #[arg(value_enum)]
    pub(crate) of: SchemaOf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaOf {
    /// JSON Schema of `check --format json`.
    Report,
    /// JSON Schema of a policy file's data.
    Policy,
    /// JSON Schema of `why --format json`.
    Why,
    /// OpenRPC document of the plugin protocol.
    Protocol,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Tells where answers are remembered, how many, how large.
    Info,
    /// Forgets every remembered answer, and what was made of working trees and plugins.
    Clear,
    /// Forgets what has not been asked for longest, and removes what is unused.
    Gc {
        /// The most that remembered answers may take, such as 500MB; without it, what checks keep to.
        #[arg(long, value_name = "SIZE")]
        max_size: Option<Size>,
    },
    /// Reads every remembered record and tells which are damaged; exit status 1 if any is.
    Verify {
        /// Removes what is damaged.
        #[arg(long)]
        repair: bool,
    },
    /// Writes everything that is remembered into a file for another machine.
    Export {
        /// The file; one that is there is replaced.
        file: PathBuf,
    },
    /// Adds what another machine exported. Checks use it with `--trust-imported` alone.
    Import {
        /// The file.
        file: PathBuf,
    },
}
