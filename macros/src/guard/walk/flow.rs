//! Branches, loops, and ways out of them.

use proc_macro2::Span;
use syn::{ExprIf, ExprMatch, Label, Lifetime, Macro, Pat, visit_mut::VisitMut as _};

use super::{Target, Walker};
use crate::guard::{known::Select, names::Bound, shape::without_eq, source::is_conditional};

impl Walker<'_> {
    pub(super) fn labelled(
        &mut self,
        label: Option<&Label>,
        is_loop: bool,
        walk: impl FnOnce(&mut Self),
    ) {
        let label = label.map(|label| label.name.clone());
        let from = self.names.len();
        self.targets.push(Target {
            label,
            is_loop,
            from,
        });
        walk(self);
        self.targets.pop();
    }

    pub(super) fn leaves(&mut self, label: Option<&Lifetime>, at: (Span, Span)) {
        let target = self.targets.iter().rev().find(|target| match label {
            Some(label) => target.label.as_ref() == Some(label),
            None => target.is_loop,
        });
        if let Some(target) = target {
            let from = target.from;
            self.names.exit(from, at);
        }
    }

    pub(super) fn branch(&mut self, branch: &mut ExprIf, drops_value: bool) {
        let names = self.names.len();
        self.visit_expr_mut(&mut branch.cond);
        let before = self.names.used();
        let is_unit = branch.else_branch.is_none();
        self.block_of(&mut branch.then_branch, drops_value, is_unit);
        self.names.leave(names);
        let after_then = self.names.used();
        self.names.set_used(&before);
        if let Some((_, other)) = &mut branch.else_branch {
            if drops_value {
                self.dropped(other, true);
            } else {
                self.visit_expr_mut(other);
            }
        }
        self.names.also_used(&after_then);
    }

    pub(super) fn arms(&mut self, arms: &mut ExprMatch, drops_value: bool) {
        let kind = self.kinds().of(&arms.expr);
        self.visit_expr_mut(&mut arms.expr);
        self.ways(&mut arms.arms, |this, arm| {
            if is_conditional(&arm.attrs) {
                return this.mention(arm);
            }
            this.pattern(&mut arm.pat);
            if let Some(kind) = &kind {
                this.names.know(&arm.pat, kind);
            }
            if drops_value {
                this.dropped(&mut arm.body, true);
            } else {
                this.visit_expr_mut(&mut arm.body);
            }
        });
    }

    /// Ways of which one is taken: what any of them uses is used.
    fn ways<T>(&mut self, ways: &mut [T], mut walk: impl FnMut(&mut Self, &mut T)) {
        let before = self.names.used();
        let mut after = before.clone();
        for way in ways {
            self.names.set_used(&before);
            let names = self.names.len();
            walk(self, way);
            self.names.leave(names);
            for (after, used) in after.iter_mut().zip(self.names.used()) {
                *after |= used;
            }
        }
        self.names.set_used(&after);
    }

    pub(super) fn pattern(&mut self, pat: &mut Pat) {
        self.bind(pat, Bound::Elsewhere, None, None, 0);
        if let Pat::Guard(guarded) = pat {
            self.visit_expr_mut(&mut guarded.guard);
        }
    }

    pub(super) fn in_unsafe(&mut self, walk: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.in_unsafe, true);
        walk(self);
        self.in_unsafe = before;
    }

    /// A closure or an async block: a body of its own.
    pub(super) fn body(&mut self, walk: impl FnOnce(&mut Self)) {
        let base = self.names.base;
        self.names.base = self.names.len();
        let targets = std::mem::take(&mut self.targets);
        let names = self.names.len();
        self.in_closure += 1;
        walk(self);
        self.in_closure -= 1;
        self.names.leave(names);
        self.targets = targets;
        self.names.base = base;
    }

    pub(super) fn select(&mut self, mac: &mut Macro, drops_value: bool) {
        let Some(mut select) = Select::parse(&mac.tokens) else {
            self.names.consume_mentioned(mac.tokens.clone());
            return;
        };
        for arm in &mut select.arms {
            if let Some(future) = &mut arm.future {
                self.visit_expr_mut(future);
            }
            self.names.consume_mentioned(arm.condition.clone());
        }
        self.ways(&mut select.arms, |this, arm| {
            // The pattern's names are bound in the arm alone.
            if let Ok(pat) = syn::parse::Parser::parse2(
                syn::Pat::parse_multi_with_leading_vert,
                without_eq(&arm.pattern),
            ) {
                this.bind(&pat, Bound::Elsewhere, None, None, 0);
            }
            if drops_value {
                this.dropped(&mut arm.handler, true);
            } else {
                this.visit_expr_mut(&mut arm.handler);
            }
        });
        mac.tokens = select.into_tokens();
    }
}
