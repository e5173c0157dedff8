//! The walk through a body, in the order in which it runs: what is dropped, and where.
//!
//! One walk serves every layer. What names alone prove is reported; what only types can tell
//! becomes a question in the copy that is walked (`checks`); in a helper, whose types are out of
//! reach, there is no copy and only names count.

mod calls;
mod drops;
mod flow;
mod lets;

use std::rc::Rc;

use proc_macro2::Span;
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Attribute, Block, Expr, ExprClosure, ExprMacro, FieldValue, Item, Lifetime, Pat, Stmt,
    StmtMacro, Type,
    visit_mut::{self, VisitMut},
};

use self::lets::After;
use super::{
    checks::{Checks, Output},
    ends,
    home::Home,
    kind::{Kind, Kinds},
    known::{self, Known},
    names::{Bound, Name, Names},
    shape::{attrs_mut, bindings, is_empty, take_attrs},
    source::{Function, Source, is_conditional, type_name},
    words::How,
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

#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
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
    /// The value of the call that comes is dropped.
    is_lost: bool,
    pub(super) asked: bool,
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
            is_lost: false,
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
                bound,
                init: init.cloned(),
                ty: ty.filter(|_| only).map(str::to_owned),
                empty: empty && only,
                used,
                slot,
                ..Name::new(ident)
            });
        }
    }

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
                let given = self.type_of_receiver(local, out.len()).map(|(name, stmt)| {
                    out.push(stmt);
                    name
                });
                match self.local(local, given.as_ref(), out.len() + 1) {
                    After::Nothing => out.push(stmt),
                    After::Also(question) => out.extend([stmt, question]),
                    After::Instead(question) => out.push(question),
                }
                return;
            }
            Stmt::Item(_) => {}
            Stmt::Expr(expr, semi) => {
                if attrs_mut(expr).is_some_and(|attrs| is_conditional(attrs)) {
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

    fn kinds(&self) -> Kinds<'_> {
        Kinds {
            home: self.home,
            names: &self.names,
        }
    }

    /// The whole body: its statements, and its value, which goes where it is expected.
    pub(super) fn whole(&mut self, block: &mut Block) {
        let mut tails = Vec::new();
        // Under `#[cfg]` there may be several.
        while let Some(mut tail) = tail(&mut block.stmts, !tails.is_empty()) {
            let is_conditional = attrs_mut(&mut tail).is_some_and(|attrs| is_conditional(attrs));
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
            if attrs_mut(&mut tail).is_some_and(|attrs| is_conditional(attrs)) {
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
        if attrs_mut(expr).is_some_and(|attrs| is_conditional(attrs)) {
            return self.mention(expr);
        }
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
                let value = (*assign.right).clone();
                let at = ends(&*assign);
                self.visit_expr_mut(&mut assign.right);
                let Expr::Path(path) = &*assign.left else {
                    self.visit_expr_mut(&mut assign.left);
                    return;
                };
                if let Some(ident) = path.path.get_ident() {
                    self.overwrite(ident, &value, at);
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

    fn visit_field_value_mut(&mut self, field: &mut FieldValue) {
        if is_conditional(&field.attrs) {
            return self.mention(field);
        }
        self.visit_expr_mut(&mut field.expr);
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

/// Takes the value off the end of a block; `before_another`, only where that one is under `#[cfg]`.
fn tail(stmts: &mut Vec<Stmt>, before_another: bool) -> Option<Expr> {
    let is_tail = match stmts.last_mut()? {
        Stmt::Expr(expr, None) => {
            !before_another || attrs_mut(expr).is_some_and(|attrs| is_conditional(attrs))
        }
        Stmt::Macro(mac) => !before_another && mac.semi_token.is_none(),
        _ => false,
    };
    match stmts.pop_if(|_| is_tail)? {
        Stmt::Expr(expr, _) => Some(expr),
        Stmt::Macro(StmtMacro { attrs, mac, .. }) => Some(Expr::Macro(ExprMacro { attrs, mac })),
        _ => None,
    }
}
