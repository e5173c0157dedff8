//! Where what the compiler said and what the table says differ.

use crate::{
    table::Row,
    trial::{Finding, Trial},
};

/// A line or more for each; none is a pass.
pub(crate) fn problems(trial: &Trial, rows: &[Row]) -> Vec<String> {
    let mut problems = Vec::new();
    let mut rows: Vec<_> = rows.iter().collect();
    for report in &trial.reports {
        let known = rows.iter().position(|row| row.place == report.place);
        match known.map(|known| &*rows.remove(known).verdict) {
            Some("true") => {}
            Some("false") => problems.push(say("false report", report)),
            Some(_) => problems.push(say("report not judged", report)),
            None => problems.push(say("report not in the table", report)),
        }
    }
    for row in rows {
        problems.push(format!("no longer reported: {}", row.place));
    }
    for error in &trial.new_errors {
        problems.push(say("new compile error", error));
    }
    problems
}

fn say(what: &str, finding: &Finding) -> String {
    let Finding {
        place,
        lines,
        message,
    } = finding;
    let first = lines.first().map_or("", |line| line);
    format!("{what}: {place}: {message}\n    {first}")
}
