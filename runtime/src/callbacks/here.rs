//! Where the running code is: in which scope, and whether inside a callback.

use crate::{
    context,
    scope::{Around, Scope, ScopeKind},
};

pub(super) struct Here {
    /// The scope that takes the callbacks.
    pub(super) scope: Scope,
    /// The running task, if it is one of that scope's.
    pub(super) caller: Option<(u32, u32)>,
    /// The running code is a callback, or was started by one.
    pub(super) inside: bool,
}

impl Here {
    pub(super) fn find() -> Self {
        let Some(around) = Around::here() else {
            return Self {
                scope: Scope::root(),
                caller: None,
                inside: context::is_handling(),
            };
        };
        let (mut scope, mut caller) = (around.scope, around.caller);
        // A handler that a callback calls would wait, in its join, for the callback itself.
        while scope.0.plan.callback
            && let Some(parent) = &scope.0.plan.parent
        {
            (caller, scope) = (scope.0.plan.caller, parent.clone());
        }
        Self {
            scope,
            caller,
            inside: around.callback,
        }
    }
}

impl Scope {
    /// The scope of the whole invocation that this one belongs to, which has its ledger.
    pub(super) fn invocation(&self) -> &Self {
        let mut scope = self;
        while scope.0.plan.kind != ScopeKind::Invocation
            && let Some(parent) = &scope.0.plan.parent
        {
            scope = parent;
        }
        scope
    }
}
