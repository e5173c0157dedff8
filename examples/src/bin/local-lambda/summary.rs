//! Both versions side by side, and the verdict.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use crate::{
    BoxError,
    batch::Run,
    judge::{Effect, End, Fate},
    style::Style,
};

/// Prints the table and the verdict; whether the demonstration showed what it is for.
pub(crate) fn print(tethered: &[Run], bare: &[Run], style: Style) -> Result<bool, BoxError> {
    let mut out = io::stdout().lock();
    let (kept, leaked) = (Count::of(tethered), Count::of(bare));
    writeln!(out, "{}", style.title("both, from the recorder's record"))?;
    let header = format!("{:<52}{:>12}{:>12}", "", "Tethered", "bare spawn");
    writeln!(out, "{}", style.bold(&header))?;
    for (label, of) in ROWS {
        writeln!(out, "{label:<52}{:>12}{:>12}", of(&kept), of(&leaked))?;
    }
    let (fast, slow) = (median_answer(bare), median_answer(tethered));
    let label = "answered after, median, in ms";
    writeln!(out, "{label:<52}{slow:>12.0}{fast:>12.0}\n")?;
    for (name, runs) in [("Tethered", tethered), ("bare spawn", bare)] {
        name_them(&mut out, &format!("{name}, late:"), runs, |fate| {
            matches!(fate, Fate::Late(_))
        })?;
        name_them(&mut out, &format!("{name}, lost:"), runs, |fate| {
            *fate == Fate::Lost
        })?;
    }

    let verdict = verdict(&kept, &leaked);
    let line = match &verdict {
        Ok(()) => style.good(
            "✔ Tethered kept every side effect in its own invocation; bare tokio::spawn did not.",
        ),
        Err(reason) => style.bad(&format!("✘ {reason}")),
    };
    writeln!(out, "{line}")?;
    Ok(verdict.is_ok())
}

fn verdict(kept: &Count, leaked: &Count) -> Result<(), &'static str> {
    if kept.late + kept.lost + kept.after_next > 0 {
        Err("Tethered lost or deferred a side effect.")
    } else if leaked.lost == 0 {
        Err("The bare version lost none: the demonstration shows nothing.")
    } else {
        Ok(())
    }
}

#[derive(Default)]
struct Count {
    invocations: usize,
    expected: usize,
    in_time: usize,
    late: usize,
    lost: usize,
    /// Ended after the function had asked for its next event: it was luck that the freeze was slower.
    after_next: usize,
    /// Failed while the answer said that all is well.
    unseen: usize,
}

type Cell = fn(&Count) -> usize;

const ROWS: [(&str, Cell); 7] = [
    ("invocations", |count| count.invocations),
    ("side effects expected", |count| count.expected),
    ("done in their own invocation", |count| count.in_time),
    ("  of these, only because the freeze was slow", |count| {
        count.after_next
    }),
    ("late: done in a later invocation", |count| count.late),
    ("lost: never done", |count| count.lost),
    ("failed, and the answer did not say so", |count| {
        count.unseen
    }),
];

impl Count {
    fn of(runs: &[Run]) -> Self {
        let mut count = Self::default();
        for run in runs {
            let (_, good) = run.status();
            count.invocations += 1;
            count.expected += run.effects.len();
            for effect in &run.effects {
                match (effect.fate, effect.ended) {
                    (Fate::Late(_), _) => count.late += 1,
                    (Fate::Lost, _) => count.lost += 1,
                    (Fate::InTime, ended) => {
                        count.in_time += 1;
                        let asked = run.answer.timeline.next_polled;
                        count.after_next += usize::from(ended.is_some_and(|(at, _)| at > asked));
                    }
                }
                count.unseen += usize::from(good && failed(effect));
            }
        }
        count
    }
}

fn failed(effect: &Effect) -> bool {
    matches!(effect.ended, Some((_, End::Failed)))
}

fn median_answer(runs: &[Run]) -> f64 {
    let steps = runs.iter().map(|run| run.answer.timeline);
    let mut times: Vec<f64> = steps.map(|at| at.answered.ms_since(at.received)).collect();
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

fn name_them(
    out: &mut impl Write,
    title: &str,
    runs: &[Run],
    is: impl Fn(&Fate) -> bool,
) -> io::Result<()> {
    let mut names = BTreeMap::<&str, usize>::new();
    let effects = runs.iter().flat_map(|run| &run.effects);
    for effect in effects.filter(|effect| is(&effect.fate)) {
        *names.entry(&effect.name).or_default() += 1;
    }
    if names.is_empty() {
        return Ok(());
    }
    let names = names.into_iter().map(|(name, times)| match times {
        1 => name.to_owned(),
        _ => format!("{name} ×{times}"),
    });
    writeln!(out, "{title}")?;
    for line in wrap(names, 96) {
        writeln!(out, "  {line}")?;
    }
    writeln!(out)
}

/// Lines of at most `width` characters, unless a single word is longer.
fn wrap(words: impl Iterator<Item = String>, width: usize) -> Vec<String> {
    let mut lines = Vec::<String>::new();
    for word in words {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 2 + word.chars().count() < width => {
                line.push_str(", ");
                line.push_str(&word);
            }
            _ => lines.push(word),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verdict_needs_all_kept_and_some_lost() {
        let kept = Count::default;
        let leaked = || Count {
            lost: 1,
            ..Count::default()
        };
        assert!(verdict(&kept(), &leaked()).is_ok());
        assert!(verdict(&kept(), &kept()).is_err(), "it shows nothing");
        let late = |late| Count { late, ..kept() };
        let lost = |lost| Count { lost, ..kept() };
        let after_next = |after_next| Count {
            after_next,
            ..kept()
        };
        for not_kept in [late(1), lost(1), after_next(1)] {
            assert!(verdict(&not_kept, &leaked()).is_err());
        }
    }
}
