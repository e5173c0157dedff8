//! Calls: of spawners, of helpers, and what lets a task go.

use std::rc::Rc;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, ExprCall, ExprMethodCall, ExprPath, Macro, visit_mut::VisitMut as _};

use super::{Found, Walker};
use crate::guard::{
    ends,
    known::{self, Known},
    print::print,
    shape::{bare, is_place},
    source::{Function, Source},
    spawners::{Gives, LETTING_GO, METHODS},
    words::{self, How},
};

/// What leads to a function: a call, or its name where it is handed on.
enum Reached<'a> {
    Call(&'a ExprCall),
    Method(&'a ExprMethodCall),
    Name(&'a ExprPath),
}

impl ToTokens for Reached<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Call(call) => call.to_tokens(tokens),
            Self::Method(call) => call.to_tokens(tokens),
            Self::Name(name) => name.to_tokens(tokens),
        }
    }
}

impl Walker<'_> {
    // ---- calls

    pub(super) fn call(&mut self, call: &mut ExprCall) -> Option<Expr> {
        let is_lost = std::mem::take(&mut self.is_lost);
        if let Expr::Path(path) = &*call.func
            && path.qself.is_none()
        {
            let is_local = path
                .path
                .get_ident()
                .is_some_and(|name| self.names.find(name).is_some());
            if !is_local && call.args.len() == 1 && self.home.is_end(&path.path) {
                let at = ends(&*call);
                let argument = &mut call.args[0];
                if matches!(argument, Expr::Path(_)) {
                    return self.end_of(argument, at).then(|| argument.clone());
                }
                return self.dropped(argument, false).then(|| argument.clone());
            }
            if !is_local {
                self.reach(&path.path, &Reached::Call(call), is_lost);
            }
        } else {
            self.visit_expr_mut(&mut call.func);
        }
        for argument in &mut call.args {
            self.argument_of_call(argument);
        }
        None
    }

    /// A call, or a function handed on, of a spawner that gives nothing or of a helper.
    /// The future that an `async` one returns runs nothing if it `is_lost`.
    fn reach(&mut self, path: &syn::Path, whole: &Reached<'_>, is_lost: bool) {
        if let Some(spawner) = self.home.spawner(path) {
            if spawner.gives == Gives::Nothing {
                let task = match whole {
                    Reached::Call(call) => words::task(&call.args),
                    _ => "…".to_owned(),
                };
                let message = words::detached(How::Nothing, spawner, &task);
                self.found.push(Found {
                    at: ends(whole),
                    how: How::Nothing,
                    call: print(whole.to_token_stream()),
                    message,
                });
            }
            return;
        }
        if let Some((source, function)) = self.home.function(path)
            && !(is_lost && function.sig.asyncness.is_some())
        {
            self.follow(&source, &function, whole);
        }
    }

    fn follow(&mut self, source: &Rc<Source>, function: &Rc<Function>, whole: &Reached<'_>) {
        if function.guarded {
            return;
        }
        let chain = if self.checks.is_some() {
            proc_macro2::fallback::force();
            let chain = (self.follow)(source, function);
            proc_macro2::fallback::unforce();
            chain
        } else {
            (self.follow)(source, function)
        };
        if let Some(chain) = chain {
            let message = format!(
                "this call detaches a task: the host may freeze the process before it finishes\n{chain}"
            );
            self.found.push(Found {
                at: ends(whole),
                how: How::Nothing,
                call: chain,
                message,
            });
        }
    }

    /// `map(tokio::spawn)`, `for_each(drop)`: a function as a value.
    fn argument_of_call(&mut self, argument: &mut Expr) {
        if let Expr::Path(path) = &*argument
            && path.qself.is_none()
            && path
                .path
                .get_ident()
                .is_none_or(|name| self.names.find(name).is_none())
        {
            if self.home.is_end(&path.path) {
                if self.checks.is_some() {
                    self.asked = true;
                    let (first, last) = ends(path);
                    let (site, last) = (
                        Span::mixed_site().located_at(first),
                        Span::mixed_site().located_at(last),
                    );
                    let x = Ident::new("__x", last);
                    let and = quote_spanned!(site=> &);
                    *argument =
                        Expr::Verbatim(quote_spanned!(site=> |#x| __tethered::kept(#and #x, 0)));
                }
                return;
            }
            self.reach(&path.path, &Reached::Name(path), false);
        }
        self.visit_expr_mut(argument);
    }

    pub(super) fn method(&mut self, call: &mut ExprMethodCall) -> Option<Expr> {
        let method = call.method.to_string();
        // As the user wrote it, before the questions go in.
        let is_given_up = LETTING_GO.contains(&method.as_str()) && call.args.is_empty();
        let let_go = is_given_up.then(|| (bare(&call.receiver).clone(), ends(&*call)));
        let own = self.kinds().own_method(&call.receiver, &method);
        let is_lost = std::mem::take(&mut self.is_lost);
        if let Expr::Path(path) = &*call.receiver
            && let Some(ident) = path.path.get_ident().cloned()
        {
            const LOOKS: &[&str] = &[
                "is_finished",
                "id",
                "abort_handle",
                "thread",
                "is_terminated",
            ];
            const FILLS: &[&str] = &[
                "push",
                "push_back",
                "push_front",
                "insert",
                "extend",
                "spawn",
                "spawn_on",
                "spawn_local",
                "spawn_local_on",
                "spawn_blocking",
                "spawn_blocking_on",
            ];
            let fills = FILLS.contains(&method.as_str());
            match self.names.own(&ident) {
                Some(_) if LOOKS.contains(&method.as_str()) && call.args.is_empty() => {}
                Some(name) if fills && (name.empty || name.filled.is_some()) => {
                    name.empty = false;
                    name.filled
                        .get_or_insert_with(|| Rc::new(Expr::MethodCall(call.clone())));
                }
                _ => self.visit_expr_mut(&mut call.receiver),
            }
        } else {
            self.visit_expr_mut(&mut call.receiver);
        }
        if let Some((source, function)) = own
            && !(is_lost && function.sig.asyncness.is_some())
        {
            self.follow(&source, &function, &Reached::Method(call));
        }
        for argument in &mut call.args {
            self.argument_of_call(argument);
        }
        if let Some((task, at)) = let_go {
            return self.let_go(call, &task, at);
        }
        if METHODS.iter().any(|(name, _)| *name == method)
            && call.args.len() == 1
            && self.checks.is_some()
            && self.home.imports_spawn_trait()
        {
            let at = ends(&*call);
            self.asked = true;
            let site = Span::mixed_site().located_at(at.0);
            let attrs = std::mem::take(&mut call.attrs);
            return Some(Expr::Verbatim(
                quote_spanned!(site=> #(#attrs)* __tethered::handed(#call, 0)),
            ));
        }
        None
    }

    /// `task.detach()`: proven by the type of the task.
    fn let_go(
        &mut self,
        call: &mut ExprMethodCall,
        original: &Expr,
        at: (Span, Span),
    ) -> Option<Expr> {
        if let Some(spawner) = self.spawner_of(original) {
            self.report(How::Dropped, spawner, original, at);
            return None;
        }
        let named = match original {
            Expr::Path(path) => path
                .path
                .get_ident()
                .and_then(|name| self.names.find(name)?.init.clone()),
            _ => None,
        };
        if let Some(init) = &named
            && let Some(spawner) = self.spawner_of(init)
        {
            self.report(How::Dropped, spawner, init, at);
            return None;
        }
        let checks = self.checks.as_mut()?;
        self.asked = true;
        let instead = named
            .as_ref()
            .map_or_else(|| words::instead(original), |init| words::instead(init));
        let receiver = &call.receiver;
        if is_place(receiver) {
            let ask = checks.place(receiver, &instead, at);
            return Some(Expr::Verbatim(quote!({ #ask #call })));
        }
        let (method, turbofish) = (&call.method, &call.turbofish);
        let site = Span::mixed_site();
        let rest = quote_spanned!(site=> .#method #turbofish());
        Some(Expr::Verbatim(checks.let_go(receiver, &rest, &instead, at)))
    }

    // ---- macros

    pub(super) fn visit_known(&mut self, mac: &mut Macro, known: Known) {
        let rewritten = match known {
            Known::Tracked => known::tracked(&mac.tokens, |expr| self.visit_expr_mut(expr)),
            Known::Vec | Known::Join | Known::Expressions => {
                known::expressions(&mac.tokens, |expr| self.visit_expr_mut(expr))
            }
            Known::Select => {
                self.select(mac, false);
                return;
            }
            Known::Allowed | Known::Expression | Known::Unknown => None,
        };
        // What a format string captures is no expression of the list.
        self.names.consume_mentioned(mac.tokens.clone());
        if let Some(tokens) = rewritten {
            mac.tokens = tokens;
        }
    }
}
