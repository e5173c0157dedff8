//! What is printed of each invocation.

use std::io::{self, Write};

use tethered_examples::clock::Stamp;

use crate::{
    batch::Run,
    judge::Fate,
    row::{self, Kind},
    style::Style,
};

/// The invocations that are printed in full without being asked: an order, the reports, a failed
/// task and a failed handler.
const IN_FULL: [usize; 5] = [1, 4, 7, 8, 10];

/// Prints all runs, in full or in a line each.
pub(crate) fn print(runs: &[Run], all: bool, style: Style) -> io::Result<()> {
    let mut out = io::stdout().lock();
    // An invocation in full has an empty line on either side.
    let mut after_full = false;
    for (index, run) in runs.iter().enumerate() {
        let next = runs.get(index + 1);
        if index == 0 || runs[index - 1].environment != run.environment {
            let line = format!("environment {}: a new process", run.environment);
            writeln!(out, "{}", style.faint(&line))?;
        }
        let full = all || IN_FULL.contains(&run.number);
        if full || after_full {
            writeln!(out)?;
        }
        after_full = full;
        if full {
            in_full(&mut out, run, next, style)?;
        } else {
            in_a_line(&mut out, run, style)?;
        }
        if next.is_none_or(|next| next.environment != run.environment) {
            let line = format!(
                "environment {}: ended by SIGKILL while frozen\n",
                run.environment
            );
            writeln!(out, "{}", style.faint(&line))?;
        }
    }
    Ok(())
}

fn in_a_line(out: &mut impl Write, run: &Run, style: Style) -> io::Result<()> {
    let steps = &run.answer.timeline;
    let ms = |at: Stamp| at.ms_since(steps.received);
    writeln!(
        out,
        "{} answered {:>5.0} ms  GET /next {:>5.0}  frozen {:>5.0}  {}",
        heading(run, style),
        ms(steps.answered),
        ms(steps.next_polled),
        ms(steps.frozen),
        tally(run, style),
    )
}

fn in_full(out: &mut impl Write, run: &Run, next: Option<&Run>, style: Style) -> io::Result<()> {
    writeln!(out, "{} {}", heading(run, style), tally(run, style))?;
    let start = run.answer.timeline.received;
    let mut rows = row::rows(run, next);
    // As they ended; what never ended comes last, and a step after what led to it.
    rows.sort_by_key(|row| (row.until.is_none(), row.until, row.kind == Kind::Step));
    let end = rows.iter().filter_map(|row| row.until).max();
    let scale = end.map_or(1.0, |end| end.ms_since(start)).max(1.0);
    for row in &rows {
        writeln!(out, "{}", row.render(start, scale, style).trim_end())?;
    }
    Ok(())
}

fn heading(run: &Run, style: Style) -> String {
    let (status, good) = run.status();
    let status = format!("{status:<10}");
    format!(
        "{} {:<28} {}",
        style.bold(&format!("#{:02}", run.number)),
        run.title,
        if good {
            style.good(&status)
        } else {
            style.late(&status)
        },
    )
}

fn tally(run: &Run, style: Style) -> String {
    let count = |fate: fn(&Fate) -> bool| run.effects.iter().filter(|e| fate(&e.fate)).count();
    let in_time = count(|fate| *fate == Fate::InTime);
    let late = count(|fate| matches!(fate, Fate::Late(_)));
    let lost = count(|fate| *fate == Fate::Lost);
    let mut tally = format!("{in_time}/{} in time", run.effects.len());
    if late + lost == 0 {
        return style.good(&tally);
    }
    if late > 0 {
        tally = format!("{tally}  {}", style.late(&format!("{late} late")));
    }
    if lost > 0 {
        tally = format!("{tally}  {}", style.bad(&format!("{lost} LOST")));
    }
    tally
}
