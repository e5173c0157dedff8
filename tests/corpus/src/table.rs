//! `reports.md`: every report with a person's verdict.

use std::{
    collections::BTreeMap,
    fmt::{self, Write as _},
};

use crate::{crates::CRATES, trial::Finding};

/// More of an expression's lines than these say nothing new.
const SHOWN: usize = 3;

const PREAMBLE: &str = "\
# What the guard says about other people's crates

`cargo run -p tethered-corpus` puts `#[tethered::no_detach]` on each function of these crates and
compiles them against their real dependencies. Each report stands here, with the verdict of a
person who has read the source: `true` where work is detached or lost at that line. The run fails
where this table and the compiler differ, and where a verdict is not `true`; `-- --bless` writes
what is missing, to be judged.
";

/// By crate.
#[derive(Default)]
pub(crate) struct Table(BTreeMap<String, Section>);

#[derive(Default)]
pub(crate) struct Section {
    version: String,
    functions: usize,
    pub(crate) rows: Vec<Row>,
}

#[derive(Clone)]
pub(crate) struct Row {
    pub(crate) place: String,
    source: String,
    pub(crate) verdict: String,
    why: String,
}

impl Table {
    pub(crate) fn parse(text: &str) -> Self {
        let mut table = Self::default();
        let mut section = None;
        for line in text.lines() {
            if let Some(heading) = line.strip_prefix("## ") {
                let words: Vec<_> = heading.split([' ', ',']).collect();
                let [name, version, _, functions, ..] = words[..] else {
                    continue;
                };
                let entry = table.0.entry(name.to_owned()).or_default();
                version.clone_into(&mut entry.version);
                entry.functions = functions.parse().unwrap_or_default();
                section = Some(entry);
            } else if let (Some(section), true) = (&mut section, line.starts_with("| src/")) {
                section.rows.extend(Row::parse(line));
            }
        }
        table
    }

    /// The rows that are about this version.
    pub(crate) fn rows(&self, name: &str, version: &str) -> &[Row] {
        match self.0.get(name) {
            Some(section) if section.version == version => &section.rows,
            _ => &[],
        }
    }

    /// What was judged stays judged; what is new is a question; what is gone goes.
    pub(crate) fn bless(
        &mut self,
        name: &str,
        version: &str,
        functions: usize,
        reports: &[Finding],
    ) {
        let mut judged = self.rows(name, version).to_vec();
        let rows = reports.iter().map(|report| {
            let source = cell(&report.lines);
            let known = judged.iter().position(|row| row.place == report.place);
            known.map_or_else(
                || Row {
                    place: report.place.clone(),
                    source: source.clone(),
                    verdict: "?".to_owned(),
                    why: String::new(),
                },
                |known| judged.remove(known),
            )
        });
        let section = Section {
            rows: rows.collect(),
            version: version.to_owned(),
            functions,
        };
        self.0.insert(name.to_owned(), section);
    }
}

impl Row {
    fn parse(line: &str) -> Option<Self> {
        // A bar inside a cell is escaped.
        let line = line.replace("\\|", "\0");
        let cells: Vec<_> = line
            .split('|')
            .map(|cell| cell.trim().replace('\0', "|"))
            .collect();
        let [_, place, source, verdict, why, _] = &cells[..] else {
            return None;
        };
        Some(Self {
            place: place.clone(),
            source: source.clone(),
            verdict: verdict.clone(),
            why: why.clone(),
        })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PREAMBLE)?;
        for krate in CRATES {
            let Some(section) = self.0.get(krate.name) else {
                continue;
            };
            let Section {
                version,
                functions,
                rows,
            } = section;
            writeln!(f, "\n## {} {version}, {functions} functions", krate.name)?;
            if rows.is_empty() {
                writeln!(f, "\nNo report.")?;
                continue;
            }
            writeln!(f, "\n| place | source | verdict | why |\n|---|---|---|---|")?;
            for row in rows {
                let cells = [&row.place, &row.source, &row.verdict, &row.why];
                let cells = cells.map(|cell| cell.replace('|', "\\|"));
                writeln!(f, "| {} |", cells.join(" | "))?;
            }
        }
        Ok(())
    }
}

fn cell(lines: &[String]) -> String {
    let mut cell = String::new();
    for (n, line) in lines.iter().take(SHOWN).enumerate() {
        let _ = write!(cell, "{}`` {line} ``", if n == 0 { "" } else { "<br>" });
    }
    if lines.len() > SHOWN {
        cell += "<br>…";
    }
    cell
}
