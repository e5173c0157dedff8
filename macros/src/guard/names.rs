//! The names of a body and what has become of their values.

use std::rc::Rc;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use syn::{Expr, Pat};

use super::{kind::Kind, shape::bindings, words::How};

/// Which mistakes a name can make.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// By a `let` that can be asked about its type.
    Let,
    /// By an argument, a closure or a pattern: only what is done with it counts.
    Elsewhere,
}

#[expect(clippy::struct_excessive_bools, reason = "independent facts")]
#[derive(Clone)]
pub(super) struct Name {
    pub(super) ident: Ident,
    pub(super) bound: Bound,
    /// What a `let` gave it, as the user wrote it.
    pub(super) init: Option<Rc<Expr>>,
    /// The name of the written type.
    pub(super) ty: Option<String>,
    /// What the source tells of it.
    pub(super) kind: Option<Kind>,
    /// A collection that was made empty and is so still.
    pub(super) empty: bool,
    /// Its expression or its written type names a collection of futures.
    pub(super) collected: bool,
    /// What first put something into it.
    pub(super) filled: Option<Rc<Expr>>,
    /// Has the type of what has returned it: `tracker` of `tracker.spawn(..)`.
    pub(super) given: Option<Ident>,
    /// Declared without a value.
    pub(super) is_late: bool,
    pub(super) used: bool,
    /// Where the function may be left while the value is alive.
    pub(super) exit: Option<(Span, Span)>,
    /// Where to put the question about its type.
    pub(super) slot: usize,
}

impl Name {
    pub(super) fn new(ident: Ident) -> Self {
        Self {
            ident,
            bound: Bound::Elsewhere,
            init: None,
            ty: None,
            kind: None,
            empty: false,
            collected: false,
            filled: None,
            given: None,
            is_late: false,
            used: false,
            exit: None,
            slot: 0,
        }
    }
}

#[derive(Clone, Default)]
pub(super) struct Names {
    all: Vec<Name>,
    /// The first name of the body that is walked: a closure's values are not its function's.
    pub(super) base: usize,
}

impl Names {
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn push(&mut self, name: Name) {
        self.all.push(name);
    }

    /// What is known of what a pattern binds, from what is known of its value.
    pub(super) fn know(&mut self, pat: &Pat, kind: &Kind) {
        match (pat, kind) {
            (Pat::Type(typed), kind) => self.know(&typed.pat, kind),
            (Pat::Reference(reference), kind) => self.know(&reference.pat, kind),
            (Pat::Guard(guarded), kind) => self.know(&guarded.pat, kind),
            (Pat::Ident(ident), kind) => {
                let mut names = self.all.iter_mut().rev();
                if let Some(name) = names.find(|name| name.ident == ident.ident) {
                    name.kind = Some(kind.clone());
                }
            }
            (Pat::TupleStruct(pat), Kind::Of(inner)) if is_holder(&pat.path) => {
                if let Some(pat) = pat.elems.first() {
                    self.know(pat, inner);
                }
            }
            (pat, Kind::Plain) => {
                let mut bound = Vec::new();
                bindings(pat, &mut bound);
                for name in self.all.iter_mut().rev().take(bound.len()) {
                    name.kind = Some(Kind::Plain);
                }
            }
            _ => {}
        }
    }

    /// A closure's argument.
    pub(super) fn push_plain(&mut self, ident: &Ident) {
        self.all.push(Name {
            kind: Some(Kind::Plain),
            used: true,
            ..Name::new(ident.clone())
        });
    }

    pub(super) fn mark_collected(&mut self, from: usize, collected: bool) {
        for name in &mut self.all[from..] {
            name.collected = collected;
        }
    }

    pub(super) fn mark_given(&mut self, from: usize, given: Option<&Ident>) {
        for name in &mut self.all[from..] {
            name.given = given.cloned();
        }
    }

    pub(super) fn mark_late(&mut self, from: usize) {
        for name in &mut self.all[from..] {
            name.is_late = true;
        }
    }

    pub(super) fn mark_used(&mut self, from: usize) {
        for name in &mut self.all[from..] {
            name.used = true;
        }
    }

    /// Whether there is any that could still be used.
    pub(super) fn has_unused(&self) -> bool {
        self.all.iter().any(|name| !name.used)
    }

    /// Forgets the names of a block that ends, and hands them out.
    pub(super) fn leave(&mut self, len: usize) -> Vec<Name> {
        self.all.split_off(len)
    }

    pub(super) fn find(&self, ident: &Ident) -> Option<&Name> {
        self.all.iter().rev().find(|name| name.ident == *ident)
    }

    /// A name of the body that is walked, not of one around it.
    pub(super) fn own(&mut self, ident: &Ident) -> Option<&mut Name> {
        let base = self.base;
        let names = self.all.iter_mut().enumerate().rev();
        let mut found = names.filter(|(_, name)| name.ident == *ident);
        found
            .next()
            .filter(|(at, _)| *at >= base)
            .map(|(_, name)| name)
    }

    pub(super) fn consume(&mut self, ident: &Ident) {
        if let Some(name) = self.all.iter_mut().rev().find(|name| name.ident == *ident) {
            name.used = true;
        }
    }

    /// Everything that tokens mention, also inside a format string, is taken to be used.
    pub(super) fn consume_mentioned(&mut self, tokens: TokenStream) {
        if self.all.is_empty() {
            return;
        }
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => self.consume(&ident),
                TokenTree::Group(group) => self.consume_mentioned(group.stream()),
                TokenTree::Literal(literal) => {
                    let text = literal.to_string();
                    if text.contains('{') {
                        for name in &mut self.all {
                            name.used |= text.contains(&format!("{{{}", name.ident));
                        }
                    }
                }
                TokenTree::Punct(_) => {}
            }
        }
    }

    /// The function may be left here by all that is younger than `from`.
    pub(super) fn exit(&mut self, from: usize, at: (Span, Span)) {
        let from = from.max(self.base);
        for name in self.all.iter_mut().skip(from) {
            if name.bound == Bound::Let && !name.used && !name.empty && name.exit.is_none() {
                name.exit = Some(at);
            }
        }
    }

    pub(super) fn used(&self) -> Vec<bool> {
        self.all.iter().map(|name| name.used).collect()
    }

    pub(super) fn set_used(&mut self, used: &[bool]) {
        for (name, used) in self.all.iter_mut().zip(used) {
            name.used = *used;
        }
    }

    pub(super) fn also_used(&mut self, used: &[bool]) {
        for (name, used) in self.all.iter_mut().zip(used) {
            name.used |= *used;
        }
    }
}

fn is_holder(path: &syn::Path) -> bool {
    let last = path.segments.last();
    last.is_some_and(|last| last.ident == "Some" || last.ident == "Ok")
}

/// What there is to say about a name whose block has ended, and where.
pub(super) fn verdict(name: &Name) -> Option<(How, (Span, Span))> {
    if name.bound != Bound::Let || name.empty {
        return None;
    }
    if name.used {
        return name.exit.map(|at| (How::Exit, at));
    }
    let init = name.init.as_ref()?;
    let at = super::ends(&**name.filled.as_ref().unwrap_or(init));
    Some((How::Unused, at))
}
