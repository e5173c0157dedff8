//! How the tasks of a scope are stopped, in stages, and by when.

use std::collections::BTreeMap;

use tokio_util::sync::CancellationToken;

use crate::{
    lifecycle::End,
    rt::{AbortHandle, Instant, timeout_at},
    scope::{Deadline, Scope},
    state::{Group, Pending, Stage, State},
};

/// What there is to do once the lock is released.
#[derive(Default)]
struct Orders {
    tokens: Vec<CancellationToken>,
    aborts: Vec<AbortHandle>,
    /// Dropped unstarted.
    drops: Vec<Pending>,
    /// Given up.
    abandoned: Vec<(u32, u32)>,
}

impl Scope {
    /// Raises the stage of `groups`, here and in adopted scopes, to `stage` at least.
    pub(crate) fn stop(&self, groups: &[Group], stage: Stage) {
        let mut orders = Orders::default();
        let adopted = {
            let mut scope = self.lock();
            for &group in groups {
                orders.give(&mut scope, group, stage);
            }
            scope.adopted.clone()
        };
        for token in orders.tokens {
            token.cancel();
        }
        // The runtime drops the futures when it gets to them: `abort` does not wait.
        for abort in orders.aborts {
            abort.abort();
        }
        drop(orders.drops);
        for (key, sequence) in orders.abandoned {
            self.finish(key, sequence, End::TimedOut);
        }
        for child in adopted {
            // A handler's tracked tasks that outlived it are keep-alive ones to who adopted it.
            if groups.contains(&Group::KeepAlive) {
                child.stop(Group::BOTH, stage);
            }
        }
    }

    /// Waits until `done`; when the deadline comes, stops `groups` stage by stage, so that they are
    /// empty half a grace period after the grace period at the latest.
    pub(crate) async fn enforce(
        &self,
        groups: &[Group],
        deadline: Option<Deadline>,
        done: impl Fn(&mut State) -> bool,
    ) {
        let waiting = || self.until(|state| done(state).then_some(()));
        let Some(Deadline { at, grace }) = deadline else {
            return waiting().await;
        };
        if timeout_at(at, waiting()).await.is_ok() {
            return;
        }
        self.stop(groups, Stage::Told);
        let aborted = {
            let mut state = self.lock();
            let mut groups = groups.iter();
            groups.all(|&group| state.group(group).stage >= Stage::Aborted)
        };
        // Tasks that were aborted before are not given another grace period.
        let abort_at = if aborted {
            at.max(Instant::now())
        } else {
            at + grace
        };
        if timeout_at(abort_at, waiting()).await.is_ok() {
            return;
        }
        self.stop(groups, Stage::Expired);
        if timeout_at(abort_at + grace / 2, waiting()).await.is_ok() {
            return;
        }
        self.stop(groups, Stage::Abandoned);
        waiting().await;
    }
}

impl Orders {
    fn give(&mut self, scope: &mut State, group: Group, stage: Stage) {
        let before = scope.group(group).stage;
        if before >= stage {
            return;
        }
        scope.group(group).stage = stage;
        if before < Stage::Told {
            self.tokens.extend(scope.group(group).token.clone());
        }
        if before < Stage::Aborted && stage >= Stage::Aborted {
            let running = scope.tasks.iter().filter(|(_, entry)| entry.group == group);
            self.aborts
                .extend(running.filter_map(|(_, entry)| entry.abort.clone()));
            for pending in [&mut scope.waiting, &mut scope.deferred] {
                let (stopped, kept) = std::mem::take(pending)
                    .into_iter()
                    .partition(|(_, (key, _))| scope.tasks[*key as usize].group == group);
                *pending = kept;
                let stopped: BTreeMap<u32, (u32, Pending)> = stopped;
                self.drops
                    .extend(stopped.into_values().map(|(_, pending)| pending));
            }
        }
        if stage == Stage::Abandoned {
            let left = scope.tasks.iter().filter(|(_, entry)| entry.group == group);
            self.abandoned.extend(left.map(|(key, entry)| {
                let key = u32::try_from(key).expect("keys are made from u32");
                (key, entry.sequence)
            }));
        }
    }
}
