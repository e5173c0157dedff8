//! How a handler's arguments get into its body.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote_spanned};
use syn::{
    Attribute, Block, Expr, FieldPat, FnArg, Local, Pat, PatIdent, PatType, PatWild, Signature,
    Stmt, Token,
    parse::Parser as _,
    spanned::Spanned as _,
    visit_mut::{self, VisitMut},
};

/// A signature in which every argument is a name, and what makes the user's patterns of the names.
pub(crate) struct Arguments {
    pub(crate) sig: Signature,
    /// Stands first in the body, which so takes the arguments over and drops them when it ends.
    pub(crate) rebind: TokenStream,
    patterns: Vec<Pattern>,
}

/// `let pat = name;`
struct Pattern {
    attrs: Vec<Attribute>,
    pat: Pat,
    name: Ident,
}

impl Arguments {
    pub(crate) fn of(sig: &Signature) -> Self {
        let mut arguments = Self::untouched(sig);
        for (index, input) in arguments.sig.inputs.iter_mut().enumerate() {
            let ours = Span::mixed_site();
            let rebind = match input {
                // `self` cannot be bound again; borrowed, the body takes over the whole of it.
                FnArg::Receiver(receiver) => {
                    let this = receiver.self_token;
                    quote_spanned!(ours=> let _ = &#this;)
                }
                FnArg::Typed(argument) => {
                    let (cfgs, lints) = binding_attrs(argument);
                    let pat = Pat::clone(&argument.pat);
                    if let Some(name) = simple_name(&pat) {
                        *argument.pat = name_pattern(name.clone());
                        // In a tuple, or Clippy finds that binding `_name` has no effect.
                        quote_spanned!(ours=> #(#cfgs)* #(#lints)* let (#pat,) = (#name,);)
                    } else {
                        // At the type, which is what a mistake in the pattern is at odds with.
                        let name = format_ident!("__arg{index}", span = argument.ty.span());
                        *argument.pat = name_pattern(name.clone());
                        // The first takes over also what the pattern leaves out.
                        let rebind = quote_spanned! {ours=>
                            #(#cfgs)* let #name = #name;
                            #(#cfgs)* #(#lints)* let #pat = #name;
                        };
                        arguments.patterns.push(Pattern {
                            attrs: cfgs,
                            pat,
                            name,
                        });
                        rebind
                    }
                }
            };
            arguments.rebind.extend(rebind);
        }
        arguments
    }

    /// Of a function whose body already gets its arguments from another attribute.
    pub(crate) fn untouched(sig: &Signature) -> Self {
        Self {
            sig: sig.clone(),
            rebind: TokenStream::new(),
            patterns: Vec::new(),
        }
    }

    /// Of a function whose patterns `#[async_trait]` has moved into `block`:
    /// `let pat = { let __arg0 = __arg0; __arg0 };`.
    pub(crate) fn rebound_in(block: &Group, sig: &Signature) -> Self {
        let stmts = Block::parse_within
            .parse2(block.stream())
            .unwrap_or_default();
        let patterns = stmts.into_iter().filter_map(|stmt| {
            let Stmt::Local(Local {
                attrs,
                pat,
                init: Some(init),
                ..
            }) = stmt
            else {
                return None;
            };
            let Expr::Block(init) = *init.expr else {
                return None;
            };
            let Some(Stmt::Expr(Expr::Path(path), None)) = init.block.stmts.last() else {
                return None;
            };
            let name = path.path.get_ident()?.clone();
            name.to_string()
                .starts_with("__arg")
                .then_some(Pattern { attrs, pat, name })
        });
        Self {
            patterns: patterns.collect(),
            ..Self::untouched(sig)
        }
    }

    /// Uses in the body what `options` mention: an argument that is there for an option is used, as
    /// far as the user's lints are concerned.
    pub(crate) fn uses_for(&self, options: TokenStream) -> TokenStream {
        struct Names(Vec<Ident>);
        impl VisitMut for Names {
            fn visit_pat_ident_mut(&mut self, name: &mut PatIdent) {
                self.0.push(name.ident.clone());
                visit_mut::visit_pat_ident_mut(self, name);
            }
        }
        let mut mentioned = Vec::new();
        identifiers(options, &mut mentioned);
        let mut names = Names(Vec::new());
        for Pattern { pat, .. } in &self.patterns {
            names.visit_pat_mut(&mut pat.clone());
        }
        for input in &self.sig.inputs {
            if let FnArg::Typed(PatType { pat, .. }) = input {
                names.visit_pat_mut(&mut Pat::clone(pat));
            }
        }
        let names = names.0.into_iter().filter(|name| mentioned.contains(name));
        names
            .map(|name| quote_spanned!(Span::mixed_site()=> let _ = &#name;))
            .collect()
    }

    /// Lets `options`, which are evaluated before the body, see the names inside patterns. The body
    /// still needs the arguments, so here the patterns match references to them.
    pub(crate) fn names_for(&self, options: TokenStream) -> TokenStream {
        let mut mentioned = Vec::new();
        identifiers(options, &mut mentioned);
        let lets = self.patterns.iter().map(|Pattern { attrs, pat, name }| {
            let mut by_reference = ByReference {
                mentioned: &mentioned,
                binds: false,
            };
            let mut pat = pat.clone();
            by_reference.visit_pat_mut(&mut pat);
            by_reference
                .binds
                .then(|| quote_spanned!(Span::mixed_site()=> #(#attrs)* let #pat = &#name;))
        });
        lets.flatten().collect()
    }
}

/// What goes into the body with the user's binding: `cfg`, and lint levels, which leave the
/// signature.
fn binding_attrs(argument: &mut PatType) -> (Vec<Attribute>, Vec<Attribute>) {
    let is_cfg = |attr: &Attribute| attr.path().is_ident("cfg");
    let is_lint = |attr: &Attribute| {
        ["allow", "expect", "warn", "deny", "forbid"]
            .iter()
            .any(|level| attr.path().is_ident(level))
    };
    let cfgs = argument
        .attrs
        .iter()
        .filter(|attr| is_cfg(attr))
        .cloned()
        .collect();
    (
        cfgs,
        argument
            .attrs
            .extract_if(.., |attr| is_lint(attr))
            .collect(),
    )
}

fn simple_name(pat: &Pat) -> Option<Ident> {
    let Pat::Ident(PatIdent {
        by_ref: None,
        subpat: None,
        ident,
        ..
    }) = pat
    else {
        return None;
    };
    let mut name = ident.clone();
    if name.to_string().starts_with('_') {
        // Clippy's `used_underscore_binding` must not take our use of the name for the user's.
        name.set_span(Span::call_site().located_at(ident.span()));
    }
    Some(name)
}

fn name_pattern(ident: Ident) -> Pat {
    Pat::Ident(PatIdent {
        attrs: Vec::new(),
        by_ref: None,
        mutability: None,
        ident,
        subpat: None,
    })
}

/// Every identifier but those of fields and methods.
fn identifiers(tokens: TokenStream, found: &mut Vec<Ident>) {
    let mut after_dot = false;
    for token in tokens {
        match token {
            TokenTree::Ident(ident) if !after_dot => found.push(ident),
            TokenTree::Group(group) => identifiers(group.stream(), found),
            TokenTree::Punct(punct) if punct.as_char() == '.' => {
                // `..name` is a range.
                after_dot = !after_dot;
                continue;
            }
            _ => {}
        }
        after_dot = false;
    }
}

/// Makes a pattern match a reference, which in edition 2024 may hold no `mut`, `ref` or `&`.
/// What is not mentioned becomes `_`.
struct ByReference<'a> {
    mentioned: &'a [Ident],
    binds: bool,
}

impl VisitMut for ByReference<'_> {
    fn visit_pat_mut(&mut self, pat: &mut Pat) {
        match pat {
            Pat::Ident(name) => {
                name.by_ref = None;
                name.mutability = None;
                if self.mentioned.contains(&name.ident) {
                    self.binds = true;
                } else if name.subpat.is_none() {
                    *pat = Pat::Wild(PatWild {
                        attrs: Vec::new(),
                        underscore_token: Token![_](name.ident.span()),
                    });
                }
            }
            Pat::Reference(reference) => {
                *pat = Pat::clone(&reference.pat);
                return self.visit_pat_mut(pat);
            }
            _ => {}
        }
        visit_mut::visit_pat_mut(self, pat);
    }

    fn visit_field_pat_mut(&mut self, field: &mut FieldPat) {
        visit_mut::visit_field_pat_mut(self, field);
        if matches!(*field.pat, Pat::Wild(_)) {
            field.colon_token.get_or_insert_default();
        }
    }
}
