//! Names that a `let` binds, and their end.

use std::rc::Rc;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Expr, Local, Pat, Stmt, visit_mut::VisitMut as _};

use super::Walker;
use crate::guard::{
    checks::From,
    ends,
    kind::Kind,
    known::{self, Known},
    names::{Bound, Name, verdict},
    shape::{self, constructed, is_channel, is_value, may_be_work, rebinds},
    source::type_name,
    words::{self, How},
};

/// What becomes of a `let` in the copy.
pub(super) enum After {
    Nothing,
    /// A question right after it.
    Also(Stmt),
    /// A question in its place.
    Instead(Stmt),
}

impl Walker<'_> {
    /// A `let`.
    pub(super) fn local(&mut self, local: &mut Local, given: Option<&Ident>, slot: usize) -> After {
        let names = self.names.len();
        let Some(init) = &mut local.init else {
            self.bind(&local.pat, Bound::Elsewhere, None, None, slot);
            self.names.mark_late(names);
            return After::Nothing;
        };
        let (is_wild, ty) = match &local.pat {
            Pat::Wild(_) => (true, None),
            Pat::Type(typed) => (matches!(*typed.pat, Pat::Wild(_)), Some(typed.ty.clone())),
            _ => (false, None),
        };
        let written = ty
            .as_ref()
            .map_or_else(|| constructed(&init.expr), |ty| type_name(ty));
        let is_nothing_yet = matches!(&*init.expr, Expr::Path(path) if path.path.is_ident("None"));
        let collected = shape::is_typed_collection(&local.pat)
            || matches!(shape::from(&init.expr), From::Collected);
        let kind = match &ty {
            Some(ty) => self.kinds().of_type(ty),
            None => self.kinds().of(&init.expr),
        };
        let is_idle = kind.as_ref().is_some_and(Kind::is_idle);
        let original =
            (!is_idle && self.is_worth_asking(&init.expr)).then(|| Rc::new((*init.expr).clone()));
        if is_wild && is_value(&init.expr) {
            let is_name = matches!(*init.expr, Expr::Path(_));
            let Some(ty) = ty.filter(|_| !is_name && self.checks.is_some()) else {
                if is_name {
                    // A place stays where it is, and ends with its block all the same.
                    let mut name = (*init.expr).clone();
                    let is_asked = self.end_of_name(&mut name);
                    return if is_asked {
                        After::Also(Stmt::Expr(name, None))
                    } else {
                        After::Nothing
                    };
                }
                // As a statement: there is nothing left for the `let` to ignore.
                return if self.dropped(&mut init.expr, false) {
                    let (attrs, question) = (&local.attrs, &init.expr);
                    let question = Expr::Verbatim(quote!(#(#attrs)* #question));
                    After::Instead(Stmt::Expr(question, None))
                } else {
                    After::Nothing
                };
            };
            // Through the type that is written.
            self.visit_expr_mut(&mut init.expr);
            let Some(original) = original.filter(|original| !self.spawned(original)) else {
                return After::Nothing;
            };
            let at = ends(&*original);
            let name = Ident::new("__dropped", Span::mixed_site());
            local.pat = Pat::Verbatim(quote!(#name: #ty));
            let check = self.ask_name(
                "kept",
                Some(&words::instead(&original)),
                &name,
                given,
                collected,
                at,
            );
            return check.map_or(After::Nothing, |check| {
                After::Also(Stmt::Expr(Expr::Verbatim(check), None))
            });
        }
        let is_let_through = matches!(&*init.expr, Expr::Macro(mac) if matches!(
            known::known(&mac.mac, self.home), Known::Allowed | Known::Tracked
        ));
        self.visit_expr_mut(&mut init.expr);
        if let Some((_, diverge)) = &mut init.diverge {
            let used = self.names.used();
            self.visit_expr_mut(diverge);
            self.names.set_used(&used);
        }
        let exempt = is_let_through
            || original.as_ref().is_some_and(|init| {
                (is_channel(init) && !self.is_own(init)) || shape::is_race(init)
            });
        match original {
            Some(init) if !exempt => {
                let (init, ty) = (Some(&init), written.as_deref());
                self.bind(&local.pat, Bound::Let, init, ty, slot);
                self.names.mark_collected(names, collected);
                self.names.mark_given(names, given);
            }
            _ => {
                self.bind(&local.pat, Bound::Elsewhere, None, written.as_deref(), slot);
                if exempt {
                    self.names.mark_used(names);
                }
            }
        }
        if is_nothing_yet {
            self.names.mark_late(names);
        }
        if let Some(kind) = &kind {
            self.names.know(&local.pat, kind);
        }
        After::Nothing
    }

    fn is_worth_asking(&self, init: &Expr) -> bool {
        match init {
            _ if shape::is_tracked(init) => false,
            // A new name for a value that was worth it before.
            Expr::Path(path) => {
                let name = path.path.get_ident().and_then(|name| self.names.find(name));
                name.is_some_and(|name| name.init.is_some())
            }
            // Another attribute's rebinding of an argument.
            Expr::Block(block) if block.block.stmts.len() > 1 => {
                may_be_work(init) && !rebinds(&block.block)
            }
            init => may_be_work(init),
        }
    }

    /// What a name's end has shown: reported, or to be asked.
    pub(super) fn ended(&mut self, name: &Name) -> Option<TokenStream> {
        let (how, at) = verdict(name)?;
        let init = name.init.clone()?;
        if let Some(spawner) = self.spawner_of(&init) {
            self.report(how, spawner, &init, at);
            return None;
        }
        // Before it has a value it cannot be looked at, where borrows are checked.
        if name.is_late && self.in_closure > 0 {
            return None;
        }
        if how == How::Exit {
            let is_own = |path: &syn::Path| self.home.function(path).is_some();
            if !shape::may_be_running(&init, &is_own) {
                return None;
            }
            // Without words of its own: most names are alive at some `?`.
            return self.ask_name(
                "joined",
                None,
                &name.ident,
                name.given.as_ref(),
                name.collected,
                at,
            );
        }
        let instead = words::instead(name.filled.as_ref().unwrap_or(&init));
        self.ask_name(
            "kept",
            Some(&instead),
            &name.ident,
            name.given.as_ref(),
            name.collected,
            at,
        )
    }

    pub(super) fn ask_name(
        &mut self,
        question: &str,
        instead: Option<&str>,
        ident: &Ident,
        given: Option<&Ident>,
        collected: bool,
        at: (Span, Span),
    ) -> Option<TokenStream> {
        let checks = self.checks.as_mut()?;
        self.asked = true;
        let from = match given {
            _ if collected => From::Collected,
            Some(given) => From::Typed(given),
            None => From::Anywhere,
        };
        Some(checks.name(question, ident, instead, from, at))
    }

    /// Where a `let` takes what a method returns, the type of the receiver, before the call may take
    /// the receiver over.
    pub(super) fn type_of_receiver(&self, local: &Local, number: usize) -> Option<(Ident, Stmt)> {
        self.checks.as_ref()?;
        let receiver = shape::receiver_of(&local.init.as_ref()?.expr)?;
        let site = Span::mixed_site();
        let name = Ident::new(&format!("__type{number}"), site);
        let stmt = quote_spanned!(site=> let #name = #receiver.__tethered_type(););
        Some((name, Stmt::Expr(Expr::Verbatim(stmt), None)))
    }

    fn is_own(&self, init: &Expr) -> bool {
        let Expr::Call(call) = shape::bare(init) else {
            return false;
        };
        matches!(&*call.func, Expr::Path(path) if self.home.function(&path.path).is_some())
    }

    /// `h = e`: what `h` held is dropped. Only a spawner's own name proves that it was running.
    pub(super) fn overwrite(&mut self, ident: &Ident, value: &Expr, at: (Span, Span)) {
        let is_worth = self.is_worth_asking(value);
        let Some(name) = self.names.own(ident) else {
            return;
        };
        if name.is_late {
            // Its first value; in branches there may be several.
            if is_worth && name.init.is_none() {
                name.bound = Bound::Let;
                name.init = Some(Rc::new(value.clone()));
            }
            return;
        }
        if name.empty && is_worth && !shape::is_empty(value) {
            name.empty = false;
            name.filled = Some(Rc::new(value.clone()));
            return;
        }
        let alive = !name.used && !name.empty && name.bound == Bound::Let;
        if !alive {
            // A fresh value: it is not followed any further.
            return;
        }
        let Some(init) = name.init.clone() else {
            return;
        };
        if let Some(spawner) = self.spawner_of(&init) {
            if let Some(name) = self.names.own(ident) {
                name.used = true;
                name.exit = None;
            }
            self.report(How::Overwritten, spawner, &init, at);
        }
    }
}
