//! Holds what was recorded against what was expected.

use tethered_examples::{
    clock::Stamp,
    orders::{Expected, Holds},
    recorder::{Mark, Phase},
};

use crate::{BoxError, batch::Run};

/// A side effect and what became of it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Effect {
    pub(crate) name: String,
    pub(crate) holds: Holds,
    pub(crate) started: Option<Stamp>,
    pub(crate) ended: Option<(Stamp, End)>,
    pub(crate) fate: Fate,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum End {
    Done,
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fate {
    /// It ended in its own invocation.
    InTime,
    /// It ended after its process had been frozen and thawed, during the invocation of this number.
    Late(usize),
    /// It never ended.
    Lost,
}

/// Fills in the effects of all runs.
///
/// A frozen process sends nothing: whatever the recorder had by the next thaw of an environment was
/// sent before the freeze, and counts as in time.
pub(crate) fn judge<'e>(
    runs: &mut [Run],
    expected: impl Iterator<Item = &'e [Expected]>,
    record: &[Mark],
) -> Result<(), BoxError> {
    let mut marks = Marks(record.to_vec());
    let thaws: Vec<Thaw> = runs
        .iter()
        .map(|run| Thaw {
            number: run.number,
            environment: run.environment,
            at: run.answer.timeline.thawed,
        })
        .collect();
    for (run, expected) in runs.iter_mut().zip(expected) {
        run.effects = expected
            .iter()
            .map(|Expected { name, holds }| {
                let id = &run.answer.request_id;
                let started = marks.take(id, name, Phase::Started);
                let done = marks.take(id, name, Phase::Done);
                let failed = marks.take(id, name, Phase::Failed);
                let ended = done
                    .map(|at| (at, End::Done))
                    .or(failed.map(|at| (at, End::Failed)));
                Effect {
                    name: name.clone(),
                    holds: *holds,
                    started,
                    ended,
                    fate: fate(run.number, run.environment, ended.map(|(at, _)| at), &thaws),
                }
            })
            .collect();
    }
    marks.nothing_left()
}

struct Thaw {
    number: usize,
    environment: usize,
    at: Stamp,
}

fn fate(number: usize, environment: usize, ended: Option<Stamp>, thaws: &[Thaw]) -> Fate {
    let Some(ended) = ended else {
        return Fate::Lost;
    };
    let last_thaw_before_the_end = thaws
        .iter()
        .filter(|thaw| thaw.environment == environment && thaw.at <= ended)
        .map(|thaw| thaw.number)
        .max();
    match last_thaw_before_the_end {
        Some(during) if during > number => Fate::Late(during),
        _ => Fate::InTime,
    }
}

/// What of the record has not been explained yet.
struct Marks(Vec<Mark>);

impl Marks {
    fn take(&mut self, request_id: &str, name: &str, phase: Phase) -> Option<Stamp> {
        let found = self.0.iter().position(|mark| {
            mark.request_id == request_id && mark.name == name && mark.phase == phase
        })?;
        Some(self.0.swap_remove(found).at)
    }

    fn nothing_left(&self) -> Result<(), BoxError> {
        match self.0.first() {
            None => Ok(()),
            Some(mark) => Err(format!("recorded twice, or not expected: {mark:?}").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{thread, time::Duration};

    use super::*;

    /// Moments in their order.
    fn moments<const N: usize>() -> [Stamp; N] {
        std::array::from_fn(|_| {
            thread::sleep(Duration::from_micros(10));
            Stamp::now()
        })
    }

    #[test]
    fn only_a_thaw_of_the_same_environment_makes_an_effect_late() {
        let [first, in_time, second, late, other] = moments();
        let thaws =
            [(1, 1, first), (2, 1, second), (3, 2, other)].map(|(number, environment, at)| Thaw {
                number,
                environment,
                at,
            });
        assert_eq!(fate(1, 1, Some(in_time), &thaws), Fate::InTime);
        assert_eq!(fate(1, 1, Some(late), &thaws), Fate::Late(2));
        assert_eq!(fate(2, 1, Some(late), &thaws), Fate::InTime);
        assert_eq!(fate(2, 1, Some(Stamp::now()), &thaws), Fate::InTime);
        assert_eq!(fate(1, 1, None, &thaws), Fate::Lost);
    }

    #[test]
    fn a_mark_that_nobody_expects_is_an_error() {
        let mark = |name: &str| Mark {
            request_id: "r".to_owned(),
            name: name.to_owned(),
            phase: Phase::Done,
            at: Stamp::now(),
        };
        let mut marks = Marks(vec![mark("a"), mark("a")]);
        assert!(marks.take("r", "a", Phase::Started).is_none());
        assert!(marks.take("r", "a", Phase::Done).is_some());
        assert!(marks.nothing_left().is_err(), "recorded twice");
        assert!(marks.take("r", "a", Phase::Done).is_some());
        assert!(marks.nothing_left().is_ok());
    }
}
