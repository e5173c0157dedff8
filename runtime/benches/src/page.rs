//! The page that says what came out. No number of it is written by hand.

use std::fmt::Write;

use crate::{
    cases::{Case, SIZES, WAYS},
    figures::{Figures, Unit},
    goals::{Against, GOALS, Goal},
};

/// Under what it was measured, and what was built for it: lines of `what<TAB>…`.
pub struct Conditions<'a> {
    /// `what<TAB>value`
    pub machine: &'a str,
    /// `what<TAB>without<TAB>with`
    pub build: &'a str,
}

const HEAD: &str = "\
<!-- Written by `bash .ci/performance.sh`: no number here is written by hand. -->
# Performance

What a tracked task costs beside everything that does less. Each ratio is between two figures of one
build and one run.

";

const WAYS_HEAD: &str = "\
- `bare`: `tokio::spawn`, its handles awaited; `try_join_all-handles`: `futures::future::try_join_all`
  over them.
- `JoinSet` of tokio; `TaskTracker` of tokio-util, which keeps no outcomes, and with a
  `CancellationToken` for each task; `vercel_runtime`: the awaiter of its `wait_until`.
- `FuturesUnordered` of boxed futures, `futures_buffered` of the same, and `moro`: no tasks of tokio's,
  so no parallelism.
- `spawn-…`: a handler with `spawn_tracked!`, under each policy of `join`; `spawn-keep_alive`: with
  `wait_until!`, drained by its invocation; `in_task-…`: with `executor = in_task`.

A *ready* task ends when it is first polled, a *yielding* one when it is polled again.
";

/// The page, which shows the plot that is at `plot`.
#[must_use]
pub fn write(figures: &Figures, conditions: &Conditions<'_>, plot: &str) -> String {
    let mut page = String::from(HEAD);
    for (what, value) in conditions
        .machine
        .lines()
        .filter_map(|line| line.split_once('\t'))
    {
        line(&mut page, &format!("- {what}: {value}"));
    }
    page += "\n## Goals\n\n";
    page += &goals(figures, GOALS);
    page += "\n## Instructions\n\n";
    page += WAYS_HEAD;
    let _ = writeln!(
        page,
        "\n![Instructions per ready task, against the number of tasks]({plot})"
    );
    for what in ["ready", "yielding"] {
        let _ = writeln!(
            page,
            "\nFor each {what} task, on one thread, and how many times `bare`'s:\n"
        );
        page += &by_size(figures, Unit::Instructions, what);
    }
    page += "\n## Memory\n\nFor each of 10,000 tasks, on one thread:\n\n";
    page += &memory(figures);
    page += "\n## Other paths\n\nInstructions for each task, call or look-up:\n\n";
    page += &pairs(figures);
    page += "\n## Time\n\nMedians in nanoseconds for each task. They move with whatever else the machine does.\n";
    for (unit, threads) in [
        (Unit::WallOne, "one thread"),
        (Unit::WallTwo, "two threads"),
    ] {
        for what in ["ready", "yielding"] {
            let _ = writeln!(page, "\n{what}, {threads}:\n");
            page += &by_size(figures, unit, what);
        }
    }
    page += "\n## Build\n\nA program of one handler and one task on tokio alone, and with Tethered:\n\n";
    page += &build(conditions.build);
    page
}

/// What became of these goals.
#[must_use]
pub fn goals<'a>(figures: &Figures, goals: impl IntoIterator<Item = &'a Goal> + Clone) -> String {
    let mut table = head(
        3,
        &["of", "measure", "against", "goal", "measured", "reached"],
    );
    for goal in goals.clone() {
        row(
            &mut table,
            &[
                code(goal.ours),
                goal.unit.to_string(),
                match goal.against {
                    Against::Times(peer) => format!("times {}", code(peer)),
                    Against::Over(peer) => format!("more than {}", code(peer)),
                    Against::Nothing => String::new(),
                },
                format!("≤ {}", goal.show(goal.goal)),
                goal.value(figures)
                    .map_or("not in this run".into(), |value| goal.show(value)),
                verdict(goal, figures),
            ],
        );
    }
    for goal in goals {
        if let Some(floor) = &goal.floor {
            let least = goal
                .value_of(floor.case, figures)
                .map_or("not in this run".into(), |value| goal.show(value));
            let allowed = if floor.limit.is_finite() {
                format!("{} is allowed", goal.show(floor.limit))
            } else {
                "no gate holds it".into()
            };
            let _ = writeln!(
                table,
                "\nThe floor of {goal} is {least}, that of {}; {allowed}: {}",
                code(floor.case),
                floor.reason,
            );
        }
    }
    table
}

fn verdict(goal: &Goal, figures: &Figures) -> String {
    let Some(value) = goal.value(figures) else {
        return String::new();
    };
    if value <= goal.goal {
        return "yes".into();
    }
    let floor = goal.floor.as_ref();
    match floor.and_then(|floor| goal.value_of(floor.case, figures)) {
        Some(floor) => format!("no; its floor {}", goal.show(floor)),
        None => "**no**".into(),
    }
}

/// A row for each way, a column for each size, with the ratio to bare.
fn by_size(figures: &Figures, unit: Unit, what: &str) -> String {
    let sizes = SIZES.map(thousands);
    let mut names = vec!["tasks"];
    names.extend(sizes.iter().map(String::as_str));
    let mut table = head(1, &names);
    for way in WAYS.iter().filter(|way| way.what == what) {
        let mut cells = vec![code(way.how)];
        cells.extend(SIZES.map(|tasks| {
            let mine = figures.get(unit, &Case { way: *way, tasks }.to_string());
            let bare = figures.get(unit, &format!("bare/{what}/{tasks}"));
            match (mine, bare) {
                (Some(mine), Some(bare)) => format!("{mine:.0} ({:.2})", mine / bare),
                _ => "–".into(),
            }
        }));
        row(&mut table, &cells);
    }
    table
}

fn memory(figures: &Figures) -> String {
    let mut table = head(
        1,
        &[
            "",
            "allocations, ready",
            "allocations, waiting",
            "bytes, waiting",
            "more than `bare`",
        ],
    );
    let bytes = |how: &str| figures.get(Unit::Bytes, &format!("{how}/waiting/10000"));
    let bare = bytes("bare");
    for way in WAYS.iter().filter(|way| way.what == "waiting") {
        let allocations =
            |what: &str| figures.get(Unit::Allocations, &format!("{}/{what}/10000", way.how));
        row(
            &mut table,
            &[
                code(way.how),
                show(allocations("ready"), 2),
                show(allocations("waiting"), 2),
                show(bytes(way.how), 0),
                show(bytes(way.how).zip(bare).map(|(mine, bare)| mine - bare), 0),
            ],
        );
    }
    table
}

fn pairs(figures: &Figures) -> String {
    let of = |case| show(figures.get(Unit::Instructions, case), 0);
    let mut table = head(1, &["", "Tethered", "beside it", ""]);
    for (what, ours, peer) in [
        (
            "a call without tasks",
            "handler/no-tasks/1000",
            "async-fn/no-tasks/1000",
        ),
        (
            "a look-up of the current scope",
            "Scope/lookup/1000",
            "tokio-Handle/lookup/1000",
        ),
        (
            "cancelling 99 tasks after a failure",
            "spawn-try_join_all/cancel-rest/100",
            "JoinSet/cancel-rest/100",
        ),
        (
            "tasks that start tasks",
            "spawn-try_join_all/nested/100",
            "TaskTracker/nested/100",
        ),
        (
            "10,000 invocations of 10 tasks, at once",
            "invocations/at-once/100000",
            "invocations/in-turn/100000",
        ),
    ] {
        row(&mut table, &[what.into(), of(ours), of(peer), code(peer)]);
    }
    table
}

fn build(lines: &str) -> String {
    let mut table = head(1, &["", "without", "with", "more"]);
    for line in lines.lines() {
        let columns: Vec<_> = line.split('\t').collect();
        let &[what, without, with] = columns.as_slice() else {
            continue;
        };
        let more = match (without.parse::<f64>(), with.parse::<f64>()) {
            (Ok(without), Ok(with)) => format!("{:+.0}%", (with / without - 1.0) * 100.0),
            _ => String::new(),
        };
        row(
            &mut table,
            &[what.into(), without.into(), with.into(), more],
        );
    }
    table
}

/// The first `texts` columns are no numbers.
fn head(texts: usize, names: &[&str]) -> String {
    let columns = "---|".repeat(texts) + &"---:|".repeat(names.len() - texts);
    format!("| {} |\n|{columns}\n", names.join(" | "))
}

fn row(table: &mut String, cells: &[String]) {
    line(table, &format!("| {} |", cells.join(" | ")));
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn code(case: &str) -> String {
    format!("`{case}`")
}

fn show(value: Option<f64>, digits: usize) -> String {
    value.map_or("–".into(), |value| format!("{value:.digits$}"))
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<_> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| String::from_utf8_lossy(group))
        .collect();
    groups.join(",")
}
