//! The table of all attacks: what came of each, free and confined, as root and as an ordinary user.

use crate::cases::SUBJECTS;
use std::collections::BTreeSet;
use std::fmt;

/// What came of an attack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    /// It worked.
    Through,
    /// It failed.
    Denied,
    /// It needs root, or is denied on this machine even to free processes.
    NotApplicable,
}

/// What came of one attack to one user.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) name: String,
    pub(crate) unsandboxed: Cell,
    pub(crate) standard: Cell,
    pub(crate) full: Cell,
    /// The same two, where programs may be started.
    pub(crate) standard_with_exec: Cell,
    pub(crate) full_with_exec: Cell,
}

/// What came of all attacks to one user.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table(Vec<Row>);

const CELLS: [(Cell, &str); 3] =
    [(Cell::Through, "THROUGH"), (Cell::Denied, "denied"), (Cell::NotApplicable, "n/a")];

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = CELLS.iter().find(|(cell, _)| cell == self).map_or("", |(_, name)| name);
        f.pad(name)
    }
}

impl Cell {
    fn parse(text: &str) -> Option<Cell> {
        CELLS.iter().find(|(_, name)| *name == text).map(|(cell, _)| *cell)
    }
}

impl Row {
    fn cells(&self) -> [Cell; 5] {
        [self.unsandboxed, self.standard, self.full, self.standard_with_exec, self.full_with_exec]
    }
}

impl Table {
    pub(crate) fn add(&mut self, row: Row) {
        self.0.push(row);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A line for each row, for [`Table::read`].
    pub(crate) fn lines(&self) -> String {
        let line = |row: &Row| {
            let cells = row.cells().map(|cell| format!(" {cell}"));
            format!("{}{}\n", row.name, cells.concat())
        };
        self.0.iter().map(line).collect()
    }

    pub(crate) fn read(lines: &str) -> Option<Table> {
        let row = |line: &str| {
            let mut words = line.split(' ');
            let name = words.next()?.to_owned();
            let mut cell = || Cell::parse(words.next()?);
            let (unsandboxed, standard, full) = (cell()?, cell()?, cell()?);
            Some(Row {
                name,
                unsandboxed,
                standard,
                full,
                standard_with_exec: cell()?,
                full_with_exec: cell()?,
            })
        };
        lines.lines().map(row).collect::<Option<_>>().map(Table)
    }

    fn row(&self, name: &str) -> Option<&Row> {
        self.0.iter().find(|row| row.name == name)
    }
}

/// The heading of a column that nobody filled.
const NOT_RUN: &str = "not run";

/// Shows both tables as one; `None` is a user whose column was not run.
pub(crate) fn shown(root: Option<&Table>, user: Option<&Table>) -> String {
    let mut page = String::new();
    page += &format!("{:<40} ", "attack");
    page += &COLUMNS.map(|column| format!("{column:<17}")).join(" ");
    let users = format!("{:<8} {:<8} ", "root", "user").repeat(COLUMNS.len());
    page += &format!("\n{:<40} {}\n", "", users.trim_end());
    for (subject, cases) in SUBJECTS {
        let ran: Vec<_> = cases
            .iter()
            .filter(|case| [root, user].iter().flatten().any(|t| t.row(case.name).is_some()))
            .collect();
        if ran.is_empty() {
            continue;
        }
        page += &format!("{subject}\n");
        for case in ran {
            let both = [root, user].map(|table| table.and_then(|table| table.row(case.name)));
            let cells: Vec<String> = (0..COLUMNS.len())
                .flat_map(|column| {
                    both.map(|row| row.map_or(NOT_RUN.to_owned(), |row| row.cells()[column].to_string()))
                })
                .map(|cell| format!("{cell:<8}"))
                .collect();
            page += &format!("  {:<38} {}\n", case.name, cells.join(" ").trim_end());
        }
    }
    page + &summed("root", root) + &summed("an ordinary user", user)
}

const COLUMNS: [&str; 5] = ["unsandboxed", "standard", "full", "standard+exec", "full+exec"];

fn summed(who: &str, table: Option<&Table>) -> String {
    let Some(table) = table else { return format!("as {who}: {NOT_RUN}\n") };
    let mechanisms = |rows: &[&Row]| -> usize {
        rows.iter().map(|row| row.name.split('/').next().unwrap_or_default()).collect::<BTreeSet<_>>().len()
    };
    let with = |column: usize, cell: Cell| -> Vec<&Row> {
        table.0.iter().filter(|row| row.cells()[column] == cell).collect()
    };
    let (all, works) = (table.0.len(), with(0, Cell::Through));
    format!(
        "as {who}: {all} attacks, {} work unsandboxed ({} mechanisms); denied at standard {}, at full {}, \
         with exec at standard {}, at full {}\n",
        works.len(),
        mechanisms(&works),
        with(1, Cell::Denied).len(),
        with(2, Cell::Denied).len(),
        with(3, Cell::Denied).len(),
        with(4, Cell::Denied).len(),
    )
}

/// The number of distinct mechanisms that are tried.
pub(crate) fn mechanisms() -> usize {
    let cases = SUBJECTS.iter().flat_map(|(_, cases)| *cases);
    cases.map(|case| case.mechanism()).collect::<BTreeSet<_>>().len()
}
