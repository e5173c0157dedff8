//! What is promised, all of it in one table.

use std::fmt;

use crate::{
    cases::{Case, cases},
    figures::{Figures, Unit},
};

/// One promise.
pub struct Goal {
    /// In what.
    pub unit: Unit,
    /// The case that it is about.
    pub ours: &'static str,
    /// Compared to what.
    pub against: Against,
    /// The most that is allowed.
    pub goal: f64,
    /// Where the goal is against nature.
    pub floor: Option<Floor>,
}

/// What a figure is compared to.
#[derive(Clone, Copy)]
pub enum Against {
    /// Its ratio to this case is limited.
    Times(&'static str),
    /// Its distance from this case is limited.
    Over(&'static str),
    /// It is limited itself.
    Nothing,
}

/// What stands in place of a goal that is against nature.
pub struct Floor {
    /// The case of a minimal program with the same guarantees, in the same run.
    pub case: &'static str,
    /// The most that is allowed, in the terms of the goal: no limit for what does not repeat.
    pub limit: f64,
    /// Why it cannot be less.
    pub reason: &'static str,
}

const fn goal(unit: Unit, ours: &'static str, against: Against, goal: f64) -> Goal {
    Goal {
        unit,
        ours,
        against,
        goal,
        floor: None,
    }
}

impl Goal {
    /// `case` is a minimal program with the same guarantees, and `limit` stands in place of the goal.
    const fn floor(mut self, case: &'static str, limit: f64, reason: &'static str) -> Self {
        self.floor = Some(Floor {
            case,
            limit,
            reason,
        });
        self
    }
}

use Against::{Nothing, Over, Times};
use Unit::{Allocations, Bytes, Instructions, WallTwo};

/// `ours: unit against peer`
impl fmt::Display for Goal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.ours, self.unit)?;
        match self.against {
            Times(peer) => write!(f, ", times {peer}"),
            Over(peer) => write!(f, ", more than {peer}"),
            Nothing => Ok(()),
        }
    }
}

/// Why a task that is alone in its handler costs this much.
const ALONE: &str = "it is a task of tokio's, as bare's is, and has its scope, which is opened, \
    joined and closed, for itself alone; its allocations meet the allocator in another state than \
    bare's, which moves the figure by a tenth from build to build";

/// Why one that its handler polls does.
const IN_TASK: &str = "a quarter of it is the allocation of the future, and what comes on top of \
    the floor is that this allocation is its waker as well, so that one that waits needs no other; \
    the floor's wakers come in blocks, 44 bytes a task";

/// Why a handler without tasks costs this much.
const HANDLER: &str = "its body runs and is dropped in a context, and its panic is caught";

/// Why tasks this short gain nothing from a second thread.
const SHARED: &str = "the threads share the scope's account, as they do the floor's: each task takes \
    its lock when it starts and when it ends, and what that costs is how far apart the cores are";

/// All of them. The hundredth of an allocation is each task's part in what its scope allocates.
#[rustfmt::skip] // A table, with a row for each.
pub const GOALS: &[Goal] = &[
    goal(Instructions, "spawn-join_all/ready/100", Times("bare/ready/100"), 0.95),
    goal(Instructions, "spawn-join_all/ready/100", Times("JoinSet/ready/100"), 0.70),
    goal(Instructions, "spawn-keep_alive/ready/100", Times("bare/ready/100"), 0.95),
    goal(Instructions, "spawn-keep_alive/ready/100", Times("JoinSet/ready/100"), 0.70),
    goal(Instructions, "spawn-try_join_all/ready/100", Times("bare/ready/100"), 1.00),
    goal(Instructions, "spawn-try_join_all/ready/100", Times("JoinSet/ready/100"), 0.75),
    goal(Instructions, "in_task-join_all/ready/100", Times("bare/ready/100"), 0.35)
        .floor("floor-in_task/ready/100", 0.74, IN_TASK),
    goal(Instructions, "in_task-join_all/ready/100", Times("JoinSet/ready/100"), 0.27)
        .floor("floor-in_task/ready/100", 0.55, IN_TASK),
    goal(Instructions, "in_task-try_join_all/ready/100", Times("bare/ready/100"), 0.35)
        .floor("floor-in_task/ready/100", 0.74, IN_TASK),
    goal(Instructions, "in_task-try_join_all/ready/100", Times("JoinSet/ready/100"), 0.27)
        .floor("floor-in_task/ready/100", 0.55, IN_TASK),
    goal(Instructions, "spawn-join_all/ready/1", Times("bare/ready/1"), 1.00)
        .floor("floor-spawn/ready/1", 1.86, ALONE),
    goal(Instructions, "spawn-join_all/ready/1", Times("JoinSet/ready/1"), 0.90)
        .floor("floor-spawn/ready/1", 1.57, ALONE),
    goal(Instructions, "spawn-try_join_all/ready/1", Times("bare/ready/1"), 1.00)
        .floor("floor-spawn/ready/1", 1.86, ALONE),
    goal(Instructions, "spawn-try_join_all/ready/1", Times("JoinSet/ready/1"), 0.90)
        .floor("floor-spawn/ready/1", 1.57, ALONE),
    goal(Instructions, "handler/no-tasks/1000", Over("async-fn/no-tasks/1000"), 30.0)
        .floor("floor-handler/no-tasks/1000", 144.0, HANDLER),
    goal(Allocations, "handler/no-tasks/1000", Nothing, 0.0),
    goal(Instructions, "spawn-join_all/ready/1000000", Times("spawn-join_all/ready/100"), 1.05),
    goal(Instructions, "spawn-try_join_all/ready/1000000", Times("spawn-try_join_all/ready/100"), 1.05),
    goal(Instructions, "in_task-join_all/ready/1000000", Times("in_task-join_all/ready/100"), 1.05),
    goal(Instructions, "in_task-try_join_all/ready/1000000", Times("in_task-try_join_all/ready/100"), 1.05),
    goal(Allocations, "spawn-join_all/ready/10000", Nothing, 1.01),
    goal(Allocations, "spawn-try_join_all/ready/10000", Nothing, 1.01),
    goal(Allocations, "spawn-keep_alive/ready/10000", Nothing, 1.01),
    goal(Allocations, "in_task-join_all/ready/10000", Nothing, 1.01),
    goal(Allocations, "in_task-try_join_all/ready/10000", Nothing, 1.01),
    goal(Allocations, "spawn-join_all/waiting/10000", Nothing, 1.01),
    goal(Allocations, "spawn-try_join_all/waiting/10000", Nothing, 1.01),
    goal(Allocations, "spawn-keep_alive/waiting/10000", Nothing, 1.01),
    goal(Allocations, "in_task-join_all/waiting/10000", Nothing, 1.01),
    goal(Allocations, "in_task-try_join_all/waiting/10000", Nothing, 1.01),
    goal(Bytes, "spawn-join_all/waiting/10000", Over("bare/waiting/10000"), 64.0),
    goal(Bytes, "spawn-try_join_all/waiting/10000", Over("bare/waiting/10000"), 64.0),
    goal(Bytes, "spawn-keep_alive/waiting/10000", Over("bare/waiting/10000"), 64.0),
    goal(Bytes, "in_task-join_all/waiting/10000", Over("bare/waiting/10000"), 64.0),
    goal(Bytes, "in_task-try_join_all/waiting/10000", Over("bare/waiting/10000"), 64.0),
    goal(WallTwo, "spawn-join_all/ready/100", Times("bare/ready/100"), 1.00)
        .floor("floor-spawn/ready/100", f64::INFINITY, SHARED),
    goal(WallTwo, "spawn-join_all/ready/10000", Times("bare/ready/10000"), 1.00)
        .floor("floor-spawn/ready/10000", f64::INFINITY, SHARED),
    goal(WallTwo, "spawn-try_join_all/ready/100", Times("bare/ready/100"), 1.00)
        .floor("floor-spawn/ready/100", f64::INFINITY, SHARED),
    goal(WallTwo, "spawn-try_join_all/ready/10000", Times("bare/ready/10000"), 1.00)
        .floor("floor-spawn/ready/10000", f64::INFINITY, SHARED),
    goal(Instructions, "invocations/at-once/100000", Times("invocations/in-turn/100000"), 1.10),
];

/// The gate lets this much pass: another allocator or linker moves a figure as much.
const TOLERANCE: f64 = 1.02;

impl Goal {
    /// What is measured, in the terms of the goal; `None` where a figure is missing.
    #[must_use]
    pub fn value(&self, figures: &Figures) -> Option<f64> {
        self.value_of(self.ours, figures)
    }

    /// The same of another case than ours.
    #[must_use]
    pub fn value_of(&self, case: &str, figures: &Figures) -> Option<f64> {
        let of = |case: &str| figures.get(self.unit, case);
        let value = of(case)?;
        Some(match self.against {
            Times(peer) => value / of(peer)?,
            Over(peer) => value - of(peer)?,
            Nothing => value,
        })
    }

    /// Whether the gate fails for it: the floor stands in place of the goal. What was not measured
    /// is missed.
    #[must_use]
    pub fn is_missed(&self, figures: &Figures) -> bool {
        let limit = self.floor.as_ref().map_or(self.goal, |floor| floor.limit);
        self.value(figures)
            .is_none_or(|value| value > limit * TOLERANCE)
    }

    /// `value` with the digits that its terms deserve.
    #[must_use]
    pub fn show(&self, value: f64) -> String {
        match (self.against, self.unit) {
            (Times(_), _) => format!("{value:.3}"),
            (_, Allocations) => format!("{value:.2}"),
            _ => format!("{value:.0}"),
        }
    }

    /// The case on the other side.
    #[must_use]
    pub fn peer(&self) -> Option<&'static str> {
        match self.against {
            Times(peer) | Over(peer) => Some(peer),
            Nothing => None,
        }
    }
}

/// The cases whose instructions a goal is about.
pub fn measured() -> impl Iterator<Item = Case> {
    cases().filter(is_in_a_goal)
}

/// The other cases.
pub fn others() -> impl Iterator<Item = Case> {
    // A million is where they end for the goals alone: each takes half a minute.
    cases().filter(|case| !is_in_a_goal(case) && case.tasks < 1_000_000)
}

fn is_in_a_goal(case: &Case) -> bool {
    let name = case.to_string();
    GOALS
        .iter()
        .filter(|goal| goal.unit == Instructions)
        .flat_map(|goal| {
            [
                Some(goal.ours),
                goal.peer(),
                goal.floor.as_ref().map(|floor| floor.case),
            ]
        })
        .flatten()
        .any(|of| of == name)
}
