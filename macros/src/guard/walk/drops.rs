//! Values that a statement drops.

use proc_macro2::Span;
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{Expr, ExprArray, ExprTuple, visit_mut::VisitMut as _};

use super::{Found, Walker};
use crate::guard::{
    checks::{Checks, From},
    ends,
    kind::Kind,
    known::{self, Known},
    print::print,
    shape::{self, bare, is_channel, is_ended, says_what_to_write, take_attrs},
    spawners::{Gives, Spawner},
    words::{self, How},
};

impl Walker<'_> {
    pub(super) fn spawner_of(&self, expr: &Expr) -> Option<&'static Spawner> {
        let Expr::Call(call) = bare(expr) else {
            return None;
        };
        let Expr::Path(path) = &*call.func else {
            return None;
        };
        if let Some(name) = path.path.get_ident()
            && self.names.find(name).is_some()
        {
            return None;
        }
        path.qself
            .is_none()
            .then(|| self.home.spawner(&path.path))
            .flatten()
    }

    /// Reports a call of a spawner that is known by name.
    pub(super) fn report(
        &mut self,
        how: How,
        spawner: &'static Spawner,
        call: &Expr,
        at: (Span, Span),
    ) {
        let Expr::Call(inner) = bare(call) else {
            return;
        };
        let message = words::detached(how, spawner, &words::task(&inner.args));
        self.found.push(Found {
            at,
            how,
            call: print(call.to_token_stream()),
            message,
        });
    }

    pub(super) fn spawned(&mut self, expr: &Expr) -> bool {
        let Some(spawner) = self.spawner_of(expr) else {
            return false;
        };
        if spawner.gives == Gives::Handle {
            self.report(How::Dropped, spawner, expr, ends(expr));
        }
        // What gives nothing is reported wherever it stands.
        true
    }

    /// `e;`: the value of the expression is dropped. Whether a block of type `()` is left of it.
    /// One of several branches still has its value, which `goes_on`: the others may need its type.
    pub(super) fn dropped(&mut self, expr: &mut Expr, goes_on: bool) -> bool {
        match expr {
            Expr::Paren(paren) => self.dropped(&mut paren.expr, goes_on),
            Expr::Group(group) => self.dropped(&mut group.expr, goes_on),
            Expr::Block(block) => {
                self.labelled(block.label.as_ref(), false, |this| {
                    this.block(&mut block.block, true);
                });
                false
            }
            Expr::Unsafe(block) => {
                self.in_unsafe(|this| this.block(&mut block.block, true));
                false
            }
            Expr::If(branch) => {
                self.branch(branch, true);
                false
            }
            Expr::Match(arms) => {
                self.arms(arms, true);
                false
            }
            Expr::Tuple(ExprTuple { elems, .. }) | Expr::Array(ExprArray { elems, .. }) => {
                let mut any = false;
                for expr in &mut *elems {
                    any |= self.dropped(expr, goes_on);
                }
                if any {
                    let site = Span::mixed_site();
                    let values = elems.iter();
                    *expr = Expr::Verbatim(quote_spanned!(site=> { #(let _ = #values;)* }));
                }
                any
            }
            Expr::Path(_) => {
                let name = goes_on.then(|| expr.clone());
                let is_asked = self.end_of_name(expr);
                if is_asked && let Some(name) = name {
                    *expr = Expr::Verbatim(quote!({ #expr #name }));
                }
                is_asked && !goes_on
            }
            Expr::Macro(mac) => match known::known(&mac.mac, self.home) {
                Known::Tracked | Known::Allowed => {
                    self.visit_expr_mut(expr);
                    false
                }
                Known::Select => {
                    self.select(&mut mac.mac, true);
                    false
                }
                _ => self.dropped_value(expr, goes_on),
            },
            Expr::Assign(assign) if matches!(*assign.left, Expr::Infer(_)) => {
                let is_asked = self.dropped(&mut assign.right, false);
                if is_asked {
                    *expr = (*assign.right).clone();
                }
                is_asked
            }
            Expr::Call(_)
            | Expr::MethodCall(_)
            | Expr::Await(_)
            | Expr::Try(_)
            | Expr::Cast(_)
            | Expr::Async(_) => self.dropped_value(expr, goes_on),
            _ => {
                self.visit_expr_mut(expr);
                false
            }
        }
    }

    fn dropped_value(&mut self, expr: &mut Expr, goes_on: bool) -> bool {
        let is_end = std::mem::take(&mut self.is_end);
        let is_unit = matches!(&*expr, Expr::MethodCall(call)
            if shape::is_unit(call, self.is_holder(&call.receiver)));
        let kind = self.kinds().of(expr);
        let is_idle = match &kind {
            Some(kind) => kind.is_idle(),
            None => is_unit || is_channel(expr) || shape::is_tracked(expr),
        };
        if is_ended(expr, self.home) || is_idle {
            self.visit_expr_mut(expr);
            return false;
        }
        let original = expr.clone();
        self.is_lost = matches!(expr, Expr::Call(_) | Expr::MethodCall(_));
        self.visit_expr_mut(expr);
        self.is_lost = false;
        if matches!(expr, Expr::Verbatim(_)) || self.spawned(&original) {
            return false;
        }
        let is_call = self.is_call(&original);
        // In an inner body, which is checked for borrows, what the value borrows has to live on.
        let is_free = self.in_closure == 0 || shape::borrows_nothing(&original);
        let Some(checks) = &mut self.checks else {
            return false;
        };
        let attrs = take_attrs(expr);
        let at = ends(&original);
        let instead = says_what_to_write(&original).then(|| words::instead(&original));
        let from = shape::from(&original);
        self.asked = true;
        let ask = if is_call && matches!(from, From::Anywhere) {
            match value_of(expr) {
                Expr::Call(call) => checks.called(call, instead.as_deref(), at),
                Expr::Await(wait) => Checks::awaited(wait, at),
                _ => {}
            }
            if goes_on {
                quote!(#expr)
            } else {
                Checks::ignored(expr, is_free)
            }
        } else {
            let is_never = is_end
                && matches!(
                    original,
                    Expr::Call(_) | Expr::MethodCall(_) | Expr::Macro(_)
                )
                && !goes_on;
            let question = if shape::gives_back(&original) {
                "LetBack"
            } else {
                "Kept"
            };
            let ask = checks.dropped(
                expr,
                (question, instead.as_deref()),
                from,
                is_free,
                goes_on,
                at,
            );
            if is_never {
                Checks::last(&ask, expr, is_free)
            } else {
                ask
            }
        };
        *expr = Expr::Verbatim(quote!(#(#attrs)* #ask));
        !goes_on
    }

    /// Whether a receiver is a collection of the standard library, as far as is written.
    fn is_holder(&self, receiver: &Expr) -> bool {
        let is_named = match receiver {
            Expr::Path(path) => {
                let name = path.path.get_ident().and_then(|name| self.names.find(name));
                name.and_then(|name| name.ty.as_deref())
                    .is_some_and(shape::is_holder)
            }
            _ => false,
        };
        is_named || matches!(self.kinds().of(receiver), Some(Kind::Plain | Kind::Of(_)))
    }

    /// Whether a value comes from an `.await`, or from a function that can be asked by its path.
    fn is_call(&self, expr: &Expr) -> bool {
        const MOST_ARGUMENTS: usize = 8;
        match expr {
            Expr::Await(_) => true,
            Expr::Try(attempt) => self.is_call(&attempt.expr),
            Expr::Paren(paren) => self.is_call(&paren.expr),
            Expr::Call(call) => {
                let Expr::Path(path) = &*call.func else {
                    return false;
                };
                let name = path.path.get_ident();
                let is_local = name.is_some_and(|name| self.names.find(name).is_some());
                !is_local
                    && !self.in_unsafe
                    && call.args.len() <= MOST_ARGUMENTS
                    && !shape::is_variant(path)
            }
            _ => false,
        }
    }

    /// `h;`, `drop(h)`, `let _ = h`: the name's value ends here, unless it was used before. Leaves
    /// a question in place of the expression.
    pub(super) fn end_of_name(&mut self, expr: &mut Expr) -> bool {
        let at = ends(&*expr);
        self.end_of(expr, at)
    }

    pub(super) fn end_of(&mut self, expr: &mut Expr, at: (Span, Span)) -> bool {
        let Expr::Path(path) = &*expr else {
            return false;
        };
        let Some(ident) = path.path.get_ident().cloned() else {
            return false;
        };
        let Some(name) = self.names.own(&ident) else {
            self.names.consume(&ident);
            return false;
        };
        if name.used || name.empty {
            name.used = true;
            return false;
        }
        name.used = true;
        // Said here, so not also at an exit before.
        name.exit = None;
        let (init, given, collected) = (name.init.clone(), name.given.clone(), name.collected);
        let instead = name
            .filled
            .as_ref()
            .or(init.as_ref())
            .map(|expr| words::instead(expr));
        if let Some(init) = &init
            && let Some(spawner) = self.spawner_of(init)
        {
            self.report(How::Dropped, spawner, init, at);
            return false;
        }
        let ask = self.ask_name(
            "kept",
            instead.as_deref(),
            &ident,
            given.as_ref(),
            collected,
            at,
        );
        if let Some(ask) = ask {
            *expr = Expr::Verbatim(quote!({ #ask }));
            return true;
        }
        false
    }
}

/// What a value comes from, before its errors are handed on.
fn value_of(expr: &mut Expr) -> &mut Expr {
    match expr {
        Expr::Try(attempt) => value_of(&mut attempt.expr),
        Expr::Paren(paren) => value_of(&mut paren.expr),
        expr => expr,
    }
}
