//! What was measured, as the benches print it.

use std::{collections::HashMap, fmt};

use serde_json::{Deserializer, Value};

use crate::{
    cases::{Case, cases},
    goals,
};

/// Of what a figure is a number, for each task.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// On one thread.
    Instructions,
    /// In all.
    Allocations,
    /// That a waiting task holds.
    Bytes,
    /// Nanoseconds on one thread.
    WallOne,
    /// Nanoseconds on two threads.
    WallTwo,
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Instructions => "instructions",
            Self::Allocations => "allocations",
            Self::Bytes => "bytes",
            Self::WallOne => "time on one thread",
            Self::WallTwo => "time on two threads",
        })
    }
}

/// The figures of one run.
#[derive(Default)]
pub struct Figures(HashMap<(Unit, String), f64>);

impl Figures {
    /// That of a case, for each task.
    #[must_use]
    pub fn get(&self, unit: Unit, case: &str) -> Option<f64> {
        self.0.get(&(unit, case.to_owned())).copied()
    }

    #[expect(clippy::cast_precision_loss, reason = "far from 2^52")]
    fn add(&mut self, unit: Unit, case: Case, total: f64) {
        let tasks = (case.tasks * case.times()) as f64;
        self.0.insert((unit, case.to_string()), total / tasks);
    }

    /// The objects that gungraun prints with `--output-format=json`.
    ///
    /// # Panics
    ///
    /// If they are none of its.
    pub fn instructions(&mut self, text: &str) {
        let sets = [
            ("promised", goals::measured().collect::<Vec<_>>()),
            ("rest", goals::others().collect()),
        ];
        for summary in Deserializer::from_str(text).into_iter::<Value>() {
            let summary = summary.expect("gungraun prints JSON");
            let of = |name: &str| summary[name].as_str().unwrap_or_default();
            let (_, set) = sets
                .iter()
                .find(|(name, _)| *name == of("function_name"))
                .expect("a function of the bench");
            let nth: usize = of("id")
                .rsplit('_')
                .next()
                .and_then(|nth| nth.parse().ok())
                .expect("an id that ends in a number");
            let total = instructions(&summary).expect("callgrind counts instructions");
            self.add(Unit::Instructions, set[nth], total);
        }
    }

    /// The table that divan prints.
    pub fn wall(&mut self, text: &str) {
        let cases: HashMap<_, _> = cases().map(|case| (case.to_string(), case)).collect();
        let mut unit = Unit::WallOne;
        for line in text.lines() {
            let columns: Vec<_> = line.split('│').map(str::trim).collect();
            let words: Vec<_> = line
                .split([' ', '│', '├', '╰', '─'])
                .filter(|word| !word.is_empty())
                .collect();
            match words.first() {
                Some(&"one") => unit = Unit::WallOne,
                Some(&"two") => unit = Unit::WallTwo,
                Some(name) => {
                    // From the right: mean, samples and iterations follow the median.
                    let median = columns.iter().nth_back(3).copied().and_then(nanoseconds);
                    if let (Some(&case), Some(median)) = (cases.get(*name), median) {
                        self.add(unit, case, median);
                    }
                }
                None => {}
            }
        }
    }

    /// The lines of the bench `memory`, which divides by itself.
    pub fn memory(&mut self, text: &str) {
        for line in text.lines() {
            let mut columns = line.split('\t');
            let unit = match columns.next() {
                Some("allocations") => Unit::Allocations,
                Some("bytes") => Unit::Bytes,
                _ => continue,
            };
            if let (Some(case), Some(Ok(value))) =
                (columns.next(), columns.next().map(str::parse::<f64>))
            {
                self.0.insert((unit, case.to_owned()), value);
            }
        }
    }
}

/// `Ir` of a summary.
fn instructions(summary: &Value) -> Option<f64> {
    summary
        .pointer("/profiles/0/data/total/metrics/Ir/values/new")?
        .as_f64()
}

/// `1.5 µs`
fn nanoseconds(text: &str) -> Option<f64> {
    let (value, unit) = text.split_once(' ')?;
    let scale = match unit {
        "ns" => 1.0,
        "µs" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        _ => return None,
    };
    Some(value.parse::<f64>().ok()? * scale)
}
