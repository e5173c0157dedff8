//! The walk through a body, in the order in which it runs: what is dropped, and where.
//!
//! One walk serves every layer. What names alone prove is reported; what only types can tell
//! becomes a question in the copy that is walked (`checks`); in a helper, whose types are out of
//! reach, there is no copy and only names count.

use std::rc::Rc;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Attribute, Block, Expr, ExprArray, ExprAssign, ExprCall, ExprClosure, ExprIf, ExprMacro,
    ExprMatch, ExprMethodCall, ExprPath, ExprTuple, Item, Label, Lifetime, Local, Macro, Pat, Stmt,
    StmtMacro, Type,
    visit_mut::{self, VisitMut},
};

use super::{
    checks::{Checks, From, Output},
    ends,
    home::Home,
    kind::{Kind, Kinds},
    known::{self, Known, Select},
    names::{Bound, Name, Names, verdict},
    print::print,
    shape::{
        self, attrs_of, bare, bindings, constructed, is_channel, is_empty, is_ended, is_insert,
        is_place, is_value, may_be_work, rebinds, says_what_to_write, take_attrs, without_eq,
    },
    source::{Function, Source, is_conditional, type_name},
    spawners::{Gives, LETTING_GO, METHODS, Spawner},
    words::{self, How},
};

/// What names alone prove.
pub(super) struct Found {
    pub(super) at: (Span, Span),
    pub(super) how: How,
    /// The call that starts the work, or that leads to it.
    pub(super) call: String,
    pub(super) message: String,
}

/// What a helper is found to do, and through whom.
pub(super) type Follow = fn(&Rc<Source>, &Rc<Function>) -> Option<String>;

struct Target {
    label: Option<Lifetime>,
    is_loop: bool,
    /// The names that an exit from here leaves behind begin here.
    from: usize,
}

pub(super) struct Walker<'a> {
    home: &'a Home,
    follow: Follow,
    /// `None` in a helper.
    pub(super) checks: Option<Checks>,
    pub(super) found: Vec<Found>,
    names: Names,
    targets: Vec<Target>,
    pub(super) output: Output,
    in_closure: usize,
    /// Where unsafe functions may be called, which are no `FnOnce`.
    pub(super) in_unsafe: bool,
    /// The statement is the last of a block that may have another type.
    is_end: bool,
    pub(super) asked: bool,
}

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

/// What becomes of a `let` in the copy.
enum After {
    Nothing,
    /// A question right after it.
    Also(Stmt),
    /// A question in its place.
    Instead(Stmt),
}

impl<'a> Walker<'a> {
    pub(super) fn new(
        home: &'a Home,
        follow: Follow,
        checks: Option<Checks>,
        output: Output,
    ) -> Self {
        Self {
            home,
            follow,
            checks,
            found: Vec::new(),
            names: Names::default(),
            targets: Vec::new(),
            output,
            in_closure: 0,
            in_unsafe: false,
            is_end: false,
            asked: false,
        }
    }

    pub(super) fn argument(&mut self, pat: &Pat, ty: &Type) {
        self.bind(pat, Bound::Elsewhere, None, type_name(ty).as_deref(), 0);
        if let Some(kind) = self.kinds().of_type(ty) {
            self.names.know(pat, &kind);
        }
    }

    fn bind(
        &mut self,
        pat: &Pat,
        bound: Bound,
        init: Option<&Rc<Expr>>,
        ty: Option<&str>,
        slot: usize,
    ) {
        let mut idents = Vec::new();
        bindings(pat, &mut idents);
        let empty = init.is_some_and(|init| is_empty(init));
        let only = matches!(pat, Pat::Ident(_) | Pat::Type(_));
        // A channel's end, whatever crate it comes from.
        let used = bound == Bound::Elsewhere && ty == Some("Receiver");
        for ident in idents {
            self.names.push(Name {
                ident,
                bound,
                init: init.cloned(),
                ty: ty.filter(|_| only).map(str::to_owned),
                kind: None,
                empty: empty && only,
                collected: false,
                filled: None,
                used,
                exit: None,
                slot,
            });
        }
    }

    // ---- statements

    /// Walks a block in a scope of its own.
    fn block(&mut self, block: &mut Block, drops_value: bool) {
        self.block_of(block, drops_value, false);
    }

    fn block_of(&mut self, block: &mut Block, drops_value: bool, is_unit: bool) {
        let names = self.names.len();
        let stmts = std::mem::take(&mut block.stmts);
        let last = stmts.len().saturating_sub(1);
        let mut out = Vec::with_capacity(stmts.len());
        for (at, stmt) in stmts.into_iter().enumerate() {
            let drops = drops_value && at == last;
            self.is_end = !is_unit && at == last;
            self.stmt(stmt, drops, &mut out);
        }
        self.is_end = false;
        self.leave(names, &mut out);
        block.stmts = out;
    }

    fn stmt(&mut self, mut stmt: Stmt, drops_value: bool, out: &mut Vec<Stmt>) {
        match &mut stmt {
            Stmt::Local(local) if is_conditional(&local.attrs) => self.mention(&stmt),
            Stmt::Local(local) => {
                match self.local(local, out.len() + 1) {
                    After::Nothing => out.push(stmt),
                    After::Also(question) => out.extend([stmt, question]),
                    After::Instead(question) => out.push(question),
                }
                return;
            }
            Stmt::Item(_) => {}
            Stmt::Expr(expr, semi) => {
                let attrs = attrs_of(expr);
                if attrs.is_some_and(is_conditional) {
                    self.mention(&stmt);
                } else if semi.is_some() || drops_value {
                    if self.dropped(expr, semi.is_none()) {
                        *semi = None;
                    }
                } else {
                    self.visit_expr_mut(expr);
                }
            }
            Stmt::Macro(mac) if is_conditional(&mac.attrs) => self.mention(&stmt),
            Stmt::Macro(mac) => {
                let known = known::known(&mac.mac, self.home);
                let is_value = matches!(
                    known,
                    Known::Vec | Known::Select | Known::Expression | Known::Join | Known::Allowed
                );
                if is_value && (mac.semi_token.is_some() || drops_value) {
                    let mut expr = Expr::Macro(ExprMacro {
                        attrs: mac.attrs.clone(),
                        mac: mac.mac.clone(),
                    });
                    let goes_on = mac.semi_token.is_none();
                    let is_asked = self.dropped(&mut expr, goes_on) || goes_on;
                    out.push(Stmt::Expr(expr, (!is_asked).then(Default::default)));
                    return;
                }
                self.visit_known(&mut mac.mac, known);
            }
        }
        out.push(stmt);
    }

    /// Code that can use a name, and is not judged.
    fn mention(&mut self, code: &impl ToTokens) {
        if self.names.has_unused() {
            self.names.consume_mentioned(code.to_token_stream());
        }
    }

    /// A `let`.
    fn local(&mut self, local: &mut Local, slot: usize) -> After {
        let Some(init) = &mut local.init else {
            self.bind(&local.pat, Bound::Elsewhere, None, None, slot);
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
        let collected = shape::is_typed_collection(&local.pat);
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
                Some(&original),
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
            || original
                .as_ref()
                .is_some_and(|init| is_channel(init) || shape::is_race(init));
        match original {
            Some(init) if !exempt => {
                let names = self.names.len();
                self.bind(
                    &local.pat,
                    Bound::Let,
                    Some(&init),
                    written.as_deref(),
                    slot,
                );
                self.names.mark_collected(names, collected);
            }
            _ => {
                let names = self.names.len();
                self.bind(&local.pat, Bound::Elsewhere, None, written.as_deref(), slot);
                if exempt {
                    self.names.mark_used(names);
                }
            }
        }
        if let Some(kind) = &kind {
            self.names.know(&local.pat, kind);
        }
        After::Nothing
    }

    fn kinds(&self) -> Kinds<'_> {
        Kinds {
            home: self.home,
            names: &self.names,
        }
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
    fn ended(&mut self, name: &Name) -> Option<TokenStream> {
        let (how, at) = verdict(name)?;
        let init = name.init.clone()?;

        if let Some(spawner) = self.spawner_of(&init) {
            self.report(how, spawner, &init, at);
            return None;
        }
        if how == How::Exit {
            if !shape::may_be_running(&init) {
                return None;
            }
            // Without words of its own: most names are alive at some `?`.
            return self.ask_name("joined", None, &name.ident, Some(&init), name.collected, at);
        }
        let instead = words::instead(name.filled.as_ref().unwrap_or(&init));
        self.ask_name(
            "kept",
            Some(&instead),
            &name.ident,
            Some(&init),
            name.collected,
            at,
        )
    }

    fn ask_name(
        &mut self,
        question: &str,
        instead: Option<&str>,
        ident: &Ident,
        init: Option<&Rc<Expr>>,
        collected: bool,
        at: (Span, Span),
    ) -> Option<TokenStream> {
        let checks = self.checks.as_mut()?;
        self.asked = true;
        let from = match init {
            _ if collected => From::Collected,
            Some(init) => shape::from(init),
            None => From::Anywhere,
        };
        Some(checks.name(question, ident, instead, from, at))
    }

    // ---- values that are dropped

    fn spawner_of(&self, expr: &Expr) -> Option<&'static Spawner> {
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
    fn report(&mut self, how: How, spawner: &'static Spawner, call: &Expr, at: (Span, Span)) {
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

    fn spawned(&mut self, expr: &Expr) -> bool {
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
    fn dropped(&mut self, expr: &mut Expr, goes_on: bool) -> bool {
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
            if shape::is_unit(call, self.type_of(&call.receiver).as_deref()));
        let is_fine = is_unit || is_insert(expr) || is_channel(expr) || shape::is_tracked(expr);
        let is_idle = || self.kinds().of(expr).is_some_and(|kind| kind.is_idle());
        if is_ended(expr, self.home) || is_fine || is_idle() {
            self.visit_expr_mut(expr);
            return false;
        }
        let original = expr.clone();
        self.visit_expr_mut(expr);
        if matches!(expr, Expr::Verbatim(_)) || self.spawned(&original) {
            return false;
        }
        let is_call = self.is_call(&original);
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
                quote_spanned!(Span::mixed_site()=> { let _ = #expr; })
            }
        } else {
            let is_never = is_end
                && matches!(
                    original,
                    Expr::Call(_) | Expr::MethodCall(_) | Expr::Macro(_)
                )
                && !goes_on;
            // In an inner body, which is checked for borrows, what the value borrows has to live on.
            let is_free = self.in_closure == 0 || (is_never && shape::borrows_nothing(&original));
            let ask = checks.dropped(expr, instead.as_deref(), from, is_free, goes_on, at);
            if is_never {
                Checks::last(&ask, expr)
            } else {
                ask
            }
        };
        *expr = Expr::Verbatim(quote!(#(#attrs)* #ask));
        !goes_on
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
    fn end_of_name(&mut self, expr: &mut Expr) -> bool {
        let at = ends(&*expr);
        self.end_of(expr, at)
    }

    fn end_of(&mut self, expr: &mut Expr, at: (Span, Span)) -> bool {
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
        let (init, collected) = (name.init.clone(), name.collected);
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
            init.as_ref(),
            collected,
            at,
        );
        if let Some(ask) = ask {
            *expr = Expr::Verbatim(quote!({ #ask }));
            return true;
        }
        false
    }

    // ---- control flow

    fn labelled(&mut self, label: Option<&Label>, is_loop: bool, walk: impl FnOnce(&mut Self)) {
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

    fn leaves(&mut self, label: Option<&Lifetime>, at: (Span, Span)) {
        let target = self.targets.iter().rev().find(|target| match label {
            Some(label) => target.label.as_ref() == Some(label),
            None => target.is_loop,
        });
        if let Some(target) = target {
            let from = target.from;
            self.names.exit(from, at);
        }
    }

    fn branch(&mut self, branch: &mut ExprIf, drops_value: bool) {
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

    fn arms(&mut self, arms: &mut ExprMatch, drops_value: bool) {
        let kind = self.kinds().of(&arms.expr);
        self.visit_expr_mut(&mut arms.expr);
        let before = self.names.used();
        let mut after = before.clone();
        for arm in &mut arms.arms {
            self.names.set_used(&before);
            let names = self.names.len();
            self.pattern(&mut arm.pat);
            if let Some(kind) = &kind {
                self.names.know(&arm.pat, kind);
            }
            if drops_value {
                self.dropped(&mut arm.body, true);
            } else {
                self.visit_expr_mut(&mut arm.body);
            }
            self.names.leave(names);
            for (after, used) in after.iter_mut().zip(self.names.used()) {
                *after |= used;
            }
        }
        self.names.set_used(&after);
    }

    fn pattern(&mut self, pat: &mut Pat) {
        self.bind(pat, Bound::Elsewhere, None, None, 0);
        if let Pat::Guard(guarded) = pat {
            self.visit_expr_mut(&mut guarded.guard);
        }
    }

    fn in_unsafe(&mut self, walk: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.in_unsafe, true);
        walk(self);
        self.in_unsafe = before;
    }

    /// A closure or an async block: a body of its own.
    fn body(&mut self, walk: impl FnOnce(&mut Self)) {
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

    // ---- calls

    fn call(&mut self, call: &mut ExprCall) -> Option<Expr> {
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
                self.reach(&path.path, &Reached::Call(call));
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
    fn reach(&mut self, path: &syn::Path, whole: &Reached<'_>) {
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
        if let Some((source, function)) = self.home.function(path) {
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
            self.reach(&path.path, &Reached::Name(path));
        }
        self.visit_expr_mut(argument);
    }

    fn method(&mut self, call: &mut ExprMethodCall) -> Option<Expr> {
        let method = call.method.to_string();
        // As the user wrote it, before the questions go in.
        let is_given_up = LETTING_GO.contains(&method.as_str()) && call.args.is_empty();
        let let_go = is_given_up.then(|| (bare(&call.receiver).clone(), ends(&*call)));
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
        if let Some(ty) = self.type_of(&call.receiver)
            && let Some((source, function)) = self.home.method(&ty, &method)
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

    /// The type of a receiver, where it is written somewhere.
    fn type_of(&self, receiver: &Expr) -> Option<String> {
        match receiver {
            Expr::Path(path) => {
                let name = path.path.get_ident()?;
                if name == "self" {
                    return self.home.self_type();
                }
                self.names.find(name)?.ty.clone()
            }
            Expr::Field(field) => {
                let ty = self.type_of(&field.base)?;
                let syn::Member::Named(name) = &field.member else {
                    return None;
                };
                self.home.field(&ty, &name.to_string())
            }
            Expr::Paren(paren) => self.type_of(&paren.expr),
            Expr::Reference(reference) => self.type_of(&reference.expr),
            Expr::Call(_) | Expr::Struct(_) => constructed(receiver),
            _ => None,
        }
    }

    // ---- macros

    fn visit_known(&mut self, mac: &mut Macro, known: Known) {
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

    fn select(&mut self, mac: &mut Macro, drops_value: bool) {
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
        let before = self.names.used();
        let mut after = before.clone();
        for arm in &mut select.arms {
            self.names.set_used(&before);
            let names = self.names.len();
            // The pattern's names are bound in the arm alone.
            if let Ok(pat) = syn::parse::Parser::parse2(
                syn::Pat::parse_multi_with_leading_vert,
                without_eq(&arm.pattern),
            ) {
                self.bind(&pat, Bound::Elsewhere, None, None, 0);
            }
            if drops_value {
                self.dropped(&mut arm.handler, true);
            } else {
                self.visit_expr_mut(&mut arm.handler);
            }
            self.names.leave(names);
            for (after, used) in after.iter_mut().zip(self.names.used()) {
                *after |= used;
            }
        }
        self.names.set_used(&after);
        mac.tokens = select.into_tokens();
    }

    /// The whole body: its statements, and its value, which goes where it is expected.
    pub(super) fn whole(&mut self, block: &mut Block) {
        let mut tails = Vec::new();
        // Under `#[cfg]` there may be several.
        while let Some(tail) = tail(&mut block.stmts, !tails.is_empty()) {
            let is_conditional = attrs_of(&tail).is_some_and(is_conditional);
            tails.push(tail);
            if !is_conditional {
                break;
            }
        }
        if tails.is_empty() {
            return self.block(block, false);
        }
        // In the scope of the block, after its statements.
        let names = self.names.len();
        let mut out = Vec::with_capacity(block.stmts.len() + tails.len());
        for stmt in std::mem::take(&mut block.stmts) {
            self.stmt(stmt, false, &mut out);
        }
        let mut values = Vec::new();
        for mut tail in tails.into_iter().rev() {
            if attrs_of(&tail).is_some_and(is_conditional) {
                self.mention(&tail);
            } else {
                self.visit_expr_mut(&mut tail);
            }
            let attrs = take_attrs(&mut tail);
            let value = self.output.takes(&tail);
            values.push(Stmt::Expr(Expr::Verbatim(quote!(#(#attrs)* #value)), None));
        }
        self.leave(names, &mut out);
        out.extend(values);
        block.stmts = out;
    }

    /// The end of a block: says what is to be said of its names.
    fn leave(&mut self, names: usize, out: &mut Vec<Stmt>) {
        let ended = self.names.leave(names);
        // From the end, so that the places in front stay where they are.
        for name in ended.iter().rev() {
            if let Some(check) = self.ended(name) {
                out.insert(name.slot, Stmt::Expr(Expr::Verbatim(check), None));
            }
        }
    }
}

impl VisitMut for Walker<'_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Path(path) => {
                if let Some(ident) = path.path.get_ident() {
                    self.names.consume(ident);
                }
            }
            Expr::Call(call) => {
                if let Some(new) = self.call(call) {
                    *expr = new;
                }
            }
            Expr::MethodCall(call) => {
                if let Some(new) = self.method(call) {
                    *expr = new;
                }
            }
            Expr::Try(attempt) => {
                self.visit_expr_mut(&mut attempt.expr);
                let at = attempt.question_token.spans[0];
                self.names.exit(0, (at, at));
            }
            Expr::Return(back) => {
                if let Some(value) = &mut back.expr {
                    self.visit_expr_mut(value);
                }
                if self.names.has_unused() {
                    let at = (back.return_token.span, ends(&*back).1);
                    self.names.exit(0, at);
                }
                if let (Some(value), true, 0) =
                    (&back.expr, self.output.is_opaque(), self.in_closure)
                {
                    let value = self.output.takes(value);
                    *expr = Expr::Verbatim(quote_spanned! {Span::mixed_site()=>
                        match { #value } { () => __tethered::diverge() }
                    });
                }
            }
            Expr::Break(out) => {
                if let Some(value) = &mut out.expr {
                    self.visit_expr_mut(value);
                }
                let at = ends(&*out);
                self.leaves(out.label.as_ref(), at);
            }
            Expr::Continue(on) => {
                let at = ends(&*on);
                self.leaves(on.label.as_ref(), at);
            }
            Expr::Assign(assign) => {
                self.visit_expr_mut(&mut assign.right);
                let Expr::Path(path) = &*assign.left else {
                    self.visit_expr_mut(&mut assign.left);
                    return;
                };
                if let Some(ident) = path.path.get_ident().cloned() {
                    self.overwrite(&ident, assign);
                }
            }
            Expr::If(branch) => self.branch(branch, false),
            Expr::Match(arms) => self.arms(arms, false),
            Expr::Let(binding) => {
                let kind = self.kinds().of(&binding.expr);
                self.visit_expr_mut(&mut binding.expr);
                self.bind(&binding.pat, Bound::Elsewhere, None, None, 0);
                if let Some(kind) = kind {
                    self.names.know(&binding.pat, &kind);
                }
            }
            Expr::Loop(body) => {
                self.labelled(body.label.as_ref(), true, |this| {
                    this.block_of(&mut body.body, false, true);
                });
            }
            Expr::While(body) => {
                let names = self.names.len();
                self.visit_expr_mut(&mut body.cond);
                self.labelled(body.label.as_ref(), true, |this| {
                    this.block_of(&mut body.body, false, true);
                });
                self.names.leave(names);
            }
            Expr::ForLoop(body) => {
                let item = self.kinds().of(&body.expr).and_then(Kind::inner);
                self.visit_expr_mut(&mut body.expr);
                let names = self.names.len();
                self.labelled(body.label.as_ref(), true, |this| {
                    this.pattern(&mut body.pat);
                    if let Some(kind) = item {
                        this.names.know(&body.pat, &kind);
                    }
                    this.block_of(&mut body.body, false, true);
                });
                self.names.leave(names);
            }
            Expr::Block(block) => {
                self.labelled(block.label.as_ref(), false, |this| {
                    this.block(&mut block.block, false);
                });
            }
            Expr::Unsafe(block) => self.in_unsafe(|this| this.block(&mut block.block, false)),
            Expr::Closure(closure) => {
                self.mention(&closure.body);
                let ExprClosure { inputs, body, .. } = closure;
                self.body(|this| {
                    for input in &*inputs {
                        this.bind(input, Bound::Elsewhere, None, None, 0);
                    }
                    this.visit_expr_mut(body);
                });
            }
            Expr::Async(block) => {
                self.mention(&block.block);
                self.body(|this| this.block(&mut block.block, false));
            }
            Expr::Const(_) => {}
            Expr::Macro(mac) => {
                let known = known::known(&mac.mac, self.home);
                self.visit_known(&mut mac.mac, known);
                if known == Known::Allowed && self.checks.is_some() {
                    // Its own mistakes are the original's to report.
                    *expr = known::allowed(&mac.mac.tokens);
                }
            }
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn visit_item_mut(&mut self, _: &mut Item) {}
    fn visit_pat_mut(&mut self, _: &mut Pat) {}
    fn visit_type_mut(&mut self, _: &mut Type) {}
    fn visit_attribute_mut(&mut self, _: &mut Attribute) {}
    fn visit_path_mut(&mut self, _: &mut syn::Path) {}
    fn visit_block_mut(&mut self, block: &mut Block) {
        self.block(block, false);
    }
}

impl Walker<'_> {
    /// `h = e`: what `h` held is dropped. Only a spawner's own name proves that it was running.
    fn overwrite(&mut self, ident: &Ident, assign: &ExprAssign) {
        let Some(name) = self.names.own(ident) else {
            return;
        };
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
            self.report(How::Overwritten, spawner, &init, ends(assign));
        }
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

/// Takes the value off the end of a block; `before_another`, only where that one is under `#[cfg]`.
fn tail(stmts: &mut Vec<Stmt>, before_another: bool) -> Option<Expr> {
    let is_tail = match stmts.last()? {
        Stmt::Expr(expr, None) => !before_another || attrs_of(expr).is_some_and(is_conditional),
        Stmt::Macro(mac) => !before_another && mac.semi_token.is_none(),
        _ => false,
    };
    match stmts.pop_if(|_| is_tail)? {
        Stmt::Expr(expr, _) => Some(expr),
        Stmt::Macro(StmtMacro { attrs, mac, .. }) => Some(Expr::Macro(ExprMacro { attrs, mac })),
        _ => None,
    }
}
