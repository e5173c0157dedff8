//! One way in which work can go, and what must come of it.

use std::{
    io::Result,
    thread,
    time::{Duration, Instant},
};

use crate::{
    http::{self, Answer},
    recorder::Recorder,
    workerd::Workerd,
};

/// How long a side effect may take beyond what it was asked to.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) struct World {
    pub(crate) workerd: Workerd,
    pub(crate) recorder: Recorder,
}

/// A request, and what is expected of it. The path's last part is the run.
pub(crate) struct Scenario {
    pub(crate) title: &'static str,
    /// The worker, or the door.
    pub(crate) worker: &'static str,
    pub(crate) path: String,
    pub(crate) run: String,
    pub(crate) status: u16,
    pub(crate) body: &'static str,
    /// The answer's least and most milliseconds.
    pub(crate) answer: (u64, u64),
    pub(crate) effects: Vec<(&'static str, usize)>,
    /// What may not have happened by this many milliseconds after the answer.
    pub(crate) never: Option<(&'static str, u64)>,
    /// Parts of one line of the console.
    pub(crate) console: &'static [&'static str],
}

/// What came of a scenario.
pub(crate) struct Row {
    pub(crate) title: &'static str,
    pub(crate) answered: String,
    pub(crate) effects: String,
    pub(crate) wrong: Vec<String>,
}

impl Scenario {
    /// A request to the worker of scenarios, which answers at once, with nothing wrong.
    pub(crate) fn new(title: &'static str, route: &str) -> Self {
        Self {
            title,
            worker: "scenarios",
            path: format!("/{route}/{route}"),
            run: route.to_owned(),
            status: 200,
            body: "",
            answer: (0, 100),
            effects: Vec::new(),
            never: None,
            console: &[],
        }
    }

    /// An event of another kind than `fetch`, through the door.
    pub(crate) fn event(
        title: &'static str,
        kind: &str,
        what: &str,
        outcome: &'static str,
    ) -> Self {
        let run = format!("{kind}-{what}").replace(' ', "-");
        Self {
            worker: "door",
            path: format!("/{kind}?scenarios?{what}/{run}"),
            run,
            body: outcome,
            answer: (0, 1000),
            ..Self::new(title, "")
        }
    }

    /// As what the recorder knows an effect of this run.
    fn recorded(&self, effect: &str) -> String {
        let run = if self.run.is_empty() { "" } else { "/" };
        format!("{run}{}/{effect}", self.run)
    }

    pub(crate) fn run(self, world: &World) -> Result<Row> {
        let answer = http::get(world.workerd.address(self.worker), &self.path)?;
        Ok(self.judge(world, Some(&answer)))
    }

    /// Counts the side effects, and says what is not as expected.
    pub(crate) fn judge(self, world: &World, answer: Option<&Answer>) -> Row {
        let answered = Instant::now();
        let mut wrong = Vec::new();
        if let Some(answer) = answer {
            let (least, most) = self.answer;
            if answer.status != self.status {
                wrong.push(format!("status {}, not {}", answer.status, self.status));
            }
            if !answer.body.contains(self.body) {
                wrong.push(format!("the answer was: {}", answer.body));
            }
            let range = Duration::from_millis(least)..=Duration::from_millis(most);
            if !range.contains(&answer.elapsed) {
                wrong.push(format!("answered after {:.1?}", answer.elapsed));
            }
        }
        let mut effects = Vec::new();
        for (effect, expected) in &self.effects {
            let path = self.recorded(effect);
            let seen = world.recorder.wait(&path, *expected, PATIENCE);
            let when = world.recorder.last(&path).map_or(0, |last| {
                last.saturating_duration_since(answered).as_millis()
            });
            effects.push(match when {
                0 => format!("{effect} {seen}/{expected}"),
                after => format!("{effect} {seen}/{expected} (+{after} ms)"),
            });
            if seen != *expected {
                wrong.push(format!("{effect}: {seen} of {expected}"));
            }
        }
        if let Some((effect, within)) = self.never {
            let until = answered + Duration::from_millis(within);
            thread::sleep(until.saturating_duration_since(Instant::now()));
            let seen = world.recorder.count(&self.recorded(effect));
            effects.push(format!("{effect} {seen}/0"));
            if seen != 0 {
                wrong.push(format!("{effect} happened"));
            }
        }
        if !self.console.is_empty() && !world.workerd.says(self.console) {
            wrong.push(format!("no line with {:?} on the console", self.console));
        }
        Row {
            title: self.title,
            answered: answer.map_or("-".to_owned(), |it| {
                let what = if self.worker == "door" {
                    it.body.clone()
                } else {
                    it.status.to_string()
                };
                format!("{what} {:.1} ms", it.elapsed.as_secs_f64() * 1e3)
            }),
            effects: effects.join(", "),
            wrong,
        }
    }
}
