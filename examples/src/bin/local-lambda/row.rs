//! The lines of an invocation's timeline: its steps and its side effects.

use tethered_examples::{clock::Stamp, local_lambda::Outcome, orders::Holds};

use crate::{
    batch::Run,
    judge::{Effect, End, Fate},
    style::Style,
};

/// How wide a bar may get.
const WIDTH: usize = 32;

/// A line of a timeline.
pub(crate) struct Row {
    from: Option<Stamp>,
    /// `None`: never.
    pub(crate) until: Option<Stamp>,
    what: String,
    note: String,
    pub(crate) kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Kind {
    Step,
    InTime,
    Late,
    Lost,
}

/// The lines of one invocation, in no order; `next` is the one that thawed it.
pub(crate) fn rows(run: &Run, next: Option<&Run>) -> Vec<Row> {
    let steps = &run.answer.timeline;
    let step = |at, what: &str, note: String| Row {
        from: Some(at),
        until: Some(at),
        what: what.to_owned(),
        note,
        kind: Kind::Step,
    };
    let mut rows = vec![
        step(steps.received, "received", String::new()),
        step(steps.answered, "answered", answer(run)),
        step(steps.next_polled, "GET /next", String::new()),
        step(steps.frozen, "frozen", "SIGSTOP".to_owned()),
    ];
    if let Some(at) = joined(&run.effects).filter(|at| *at <= steps.answered) {
        rows.push(step(at, "joined", String::new()));
    }
    if let Some(next) = next.filter(|next| next.environment == run.environment) {
        let note = format!("SIGCONT, for #{:02}", next.number);
        rows.push(step(next.answer.timeline.thawed, "thawed", note));
    }
    rows.extend(
        run.effects
            .iter()
            .map(|effect| effect_row(effect, steps.frozen)),
    );
    rows
}

/// When the last side effect that holds the response had ended, if all have.
fn joined(effects: &[Effect]) -> Option<Stamp> {
    let holding = effects
        .iter()
        .filter(|effect| effect.holds == Holds::Response);
    let ends: Option<Vec<Stamp>> = holding.map(|effect| Some(effect.ended?.0)).collect();
    ends?.into_iter().max()
}

fn effect_row(effect: &Effect, frozen: Stamp) -> Row {
    let (kind, note) = match (effect.fate, effect.ended) {
        (Fate::Late(during), Some((at, _))) => {
            let after = at.ms_since(frozen);
            (
                Kind::Late,
                format!("LATE: in #{during:02}, {after:.0} ms after the freeze"),
            )
        }
        (Fate::InTime, Some((_, End::Failed))) => (Kind::InTime, "failed".to_owned()),
        (Fate::InTime, _) => {
            let note = match effect.holds {
                Holds::Response => "held the response",
                Holds::Invocation => "held the invocation",
            };
            (Kind::InTime, note.to_owned())
        }
        _ if effect.started.is_none() => (Kind::Lost, "LOST: never started".to_owned()),
        _ => (Kind::Lost, "LOST: never finished".to_owned()),
    };
    Row {
        from: effect.started,
        until: effect.ended.map(|(at, _)| at),
        what: effect.name.clone(),
        note,
        kind,
    }
}

fn answer(run: &Run) -> String {
    match &run.answer.outcome {
        Outcome::Error { message, .. } => format!("error: {message}"),
        Outcome::Response(payload) => {
            let body = payload["body"].as_str().map(str::to_owned);
            body.unwrap_or_else(|| payload.to_string())
        }
    }
}

impl Row {
    /// The line, with times from `start` and a bar that is full at `scale` milliseconds.
    pub(crate) fn render(&self, start: Stamp, scale: f64, style: Style) -> String {
        let ms = |at: Stamp| at.ms_since(start);
        let span = match (self.kind, self.from, self.until) {
            (Kind::Step, _, Some(at)) => format!("{:>8.1}         ", ms(at)),
            (_, Some(from), Some(until)) => format!("{:>8.1} –{:>7.1}", ms(from), ms(until)),
            (_, Some(from), None) => format!("{:>8.1} –  never", ms(from)),
            (_, None, _) => format!("{:>17}", "never"),
        };
        let bar = self.bar(|at| ms(at) / scale);
        let what = format!("{:<26}", clip(&self.what, 26));
        let note = clip(&self.note, 44);
        match self.kind {
            Kind::Step => format!("{span}  {} {bar} {}", style.bold(&what), style.faint(&note)),
            Kind::InTime => format!("{span}  {what} {} {}", style.good(&bar), style.faint(&note)),
            Kind::Late => format!("{span}  {what} {} {}", style.late(&bar), style.late(&note)),
            Kind::Lost => format!("{span}  {what} {} {}", style.bad(&bar), style.bad(&note)),
        }
    }

    /// A bar over `WIDTH` columns; `place` puts a moment on the way from 0 to 1.
    fn bar(&self, place: impl Fn(Stamp) -> f64) -> String {
        let column = |at: Stamp| column(place(at));
        let mut bar = " ".repeat(WIDTH);
        let Some(from) = self.from.map(column) else {
            return bar;
        };
        let (until, sign) = match (self.kind, self.until) {
            (Kind::Step, _) => (from, "◆"),
            (_, Some(until)) => (column(until), "█"),
            (_, None) => (WIDTH - 1, "·"),
        };
        let blank = " ".repeat(WIDTH - 1 - until);
        bar = format!(
            "{}{}{blank}",
            " ".repeat(from),
            sign.repeat(until - from + 1)
        );
        bar
    }
}

/// The column of a place from 0 to 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "both ends are clamped, and the columns are few"
)]
fn column(place: f64) -> usize {
    (place.clamp(0.0, 1.0) * (WIDTH - 1) as f64).round() as usize
}

fn clip(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        text.to_owned()
    } else {
        let start: String = text.chars().take(width - 1).collect();
        format!("{start}…")
    }
}
