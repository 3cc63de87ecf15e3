//! `cargo xtask attacks`: the table of all attacks on the sandbox, and on what Probity rests on. The tests make it whenever they
//! run; this runs nothing else.

use crate::run::{Done, cargo, run};

/// The tests' own runner shows the table, and fails where an attack came of something else than it should.
pub(crate) fn attacks() -> Done {
    let confinement = ["--package", "probity-sandbox", "--test", "confinement"];
    run(cargo().args(["test", "--quiet", "--locked"]).args(confinement).args(["--", "attack::", "table::"]))?;
    // Those tests run the program.
    run(cargo().args(["build", "--quiet", "--locked", "--package", "probity"]))?;
    let whole = ["--package", "probity-tests", "--test", "attacks"];
    run(cargo().args(["test", "--quiet", "--locked"]).args(whole).args(["--", "--nocapture"]))
}
