//! The macros whose arguments can be read: what they hold is code of the body.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens as _, quote};
use syn::{
    Expr, Ident, Macro, Token,
    ext::IdentExt as _,
    parse::{ParseStream, Parser as _},
    punctuated::Punctuated,
};

use super::home::Home;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Known {
    /// `spawn_tracked!` and its like: options, then a task. What it gives may be dropped.
    Tracked,
    /// Lets its expression through.
    Allowed,
    /// `vec!`: its value holds what it is given.
    Vec,
    /// `join!` and `try_join!`: drive what they are given.
    Join,
    /// `select!`, whose arms are code.
    Select,
    /// `assert!`, `println!`: expressions that are looked at.
    Expressions,
    /// The crate's own, one expression.
    Expression,
    Unknown,
}

const OURS: &[&str] = &[
    "spawn_tracked",
    "spawn_blocking_tracked",
    "wait_until",
    "after_response",
];
const LOOKS: &[&str] = &[
    "assert",
    "assert_eq",
    "assert_ne",
    "debug_assert",
    "debug_assert_eq",
    "debug_assert_ne",
    "println",
    "eprintln",
    "print",
    "eprint",
    "format",
    "write",
    "writeln",
    "panic",
    "dbg",
];
const JOINS: &[&str] = &["join", "try_join"];
const CRATES: &[&str] = &["tokio", "futures", "futures_util"];

pub(super) fn known(mac: &Macro, home: &Home) -> Known {
    let Some(last) = mac.path.segments.last() else {
        return Known::Unknown;
    };
    let name = last.ident.to_string();
    let first = mac.path.segments[0].ident.to_string();
    let is_bare = mac.path.segments.len() == 1;
    let is = |names: &[&str]| names.contains(&name.as_str());
    if is(OURS) && (!is_bare || home.own_macro(&name).is_none()) {
        return Known::Tracked;
    }
    if name == "allow_detached" {
        return Known::Allowed;
    }
    let is_select = is(&["select", "select_biased"]);
    if is_select || is(JOINS) {
        let theirs = if is_bare {
            home.own_macro(&name).is_none() && home.imports_macro(&name, CRATES)
        } else {
            CRATES.contains(&first.as_str())
        };
        return match (theirs, is_select) {
            (true, true) => Known::Select,
            (true, false) => Known::Join,
            (false, _) => Known::Unknown,
        };
    }
    if (name == "vec" || is(LOOKS)) && (is_bare || first == "std") {
        // Asked only where it matters: the file has to be read for it.
        if is_bare && home.own_macro(&name).is_some() {
            return Known::Unknown;
        }
        return if name == "vec" {
            Known::Vec
        } else {
            Known::Expressions
        };
    }
    match is_bare.then(|| home.own_macro(&name)).flatten() {
        Some(true) => Known::Expression,
        _ => Known::Unknown,
    }
}

/// `a, b`, `a; n`: each expression goes through `visit`.
pub(super) fn expressions(
    tokens: &TokenStream,
    mut visit: impl FnMut(&mut Expr),
) -> Option<TokenStream> {
    let list = Punctuated::<Expr, Token![,]>::parse_terminated.parse2(tokens.clone());
    if let Ok(mut list) = list {
        for expr in &mut list {
            // `name = value` of a format string.
            match expr {
                Expr::Assign(assign) => visit(&mut assign.right),
                expr => visit(expr),
            }
        }
        return Some(list.to_token_stream());
    }
    let repeat = |input: ParseStream<'_>| {
        let (expr, semi, len): (Expr, Token![;], Expr) =
            (input.parse()?, input.parse()?, input.parse()?);
        Ok((expr, semi, len))
    };
    let (mut expr, semi, len) = repeat.parse2(tokens.clone()).ok()?;
    visit(&mut expr);
    Some(quote!(#expr #semi #len))
}

/// `name = "…", timeout = …, task`.
pub(super) fn tracked(
    tokens: &TokenStream,
    mut visit: impl FnMut(&mut Expr),
) -> Option<TokenStream> {
    let parser = |input: ParseStream<'_>| {
        let mut before = TokenStream::new();
        while input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]) {
            let (key, eq, value): (Ident, Token![=], Expr) = (
                input.call(Ident::parse_any)?,
                input.parse()?,
                input.parse()?,
            );
            let comma: Token![,] = input.parse()?;
            before.extend(quote!(#key #eq #value #comma));
        }
        let task: Expr = input.parse()?;
        let rest: TokenStream = input.parse()?;
        Ok((before, task, rest))
    };
    let (before, mut task, rest) = parser.parse2(tokens.clone()).ok()?;
    visit(&mut task);
    Some(quote!(#before #task #rest))
}

/// One arm of a `select!`.
pub(super) struct Arm {
    /// `pat =`; nothing for `else`, `default` and `complete`.
    pub(super) pattern: TokenStream,
    pub(super) future: Option<Expr>,
    pub(super) condition: TokenStream,
    pub(super) handler: Expr,
    pub(super) after: TokenStream,
    arrow: Token![=>],
}

pub(super) struct Select {
    before: TokenStream,
    pub(super) arms: Vec<Arm>,
}

impl Select {
    pub(super) fn parse(tokens: &TokenStream) -> Option<Self> {
        Self::read.parse2(tokens.clone()).ok()
    }

    fn read(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut before = TokenStream::new();
        if input.peek(Ident) && input.peek2(Token![;]) {
            let (biased, semi): (Ident, Token![;]) = (input.parse()?, input.parse()?);
            before.extend(quote!(#biased #semi));
        }
        let mut arms = Vec::new();
        while !input.is_empty() {
            let is_last =
                (input.peek(Token![else]) || input.peek(Ident)) && input.peek2(Token![=>]);
            let (pattern, future, condition) = if is_last {
                let word: TokenTree = input.parse()?;
                (quote!(#word), None, TokenStream::new())
            } else {
                let pattern = input.call(syn::Pat::parse_multi_with_leading_vert)?;
                let eq: Token![=] = input.parse()?;
                let future = input
                    .call(Expr::parse_without_eager_brace)
                    .or_else(|_| input.parse())?;
                let mut condition = TokenStream::new();
                if input.peek(Token![,]) {
                    let (comma, token_if): (Token![,], Token![if]) =
                        (input.parse()?, input.parse()?);
                    let value: Expr = input.parse()?;
                    condition = quote!(#comma #token_if #value);
                }
                (quote!(#pattern #eq), Some(future), condition)
            };
            let arrow = input.parse()?;
            let is_block = input.peek(syn::token::Brace);
            let handler = if is_block {
                let block: syn::Block = input.parse()?;
                Expr::Block(syn::ExprBlock {
                    attrs: Vec::new(),
                    label: None,
                    block,
                })
            } else {
                input.parse()?
            };
            let mut after = TokenStream::new();
            if let Some(comma) = input.parse::<Option<Token![,]>>()? {
                after.extend(quote!(#comma));
            }
            arms.push(Arm {
                pattern,
                future,
                condition,
                handler,
                after,
                arrow,
            });
        }
        Ok(Self { before, arms })
    }

    pub(super) fn into_tokens(self) -> TokenStream {
        let mut tokens = self.before;
        for Arm {
            pattern,
            future,
            condition,
            handler,
            after,
            arrow,
        } in self.arms
        {
            tokens.extend(quote!(#pattern #future #condition #arrow #handler #after));
        }
        tokens
    }
}

/// `reason = "…", expression`
pub(super) fn allowed(tokens: &TokenStream) -> Expr {
    let parser = |input: ParseStream<'_>| {
        input.parse::<Ident>()?;
        input.parse::<Token![=]>()?;
        input.parse::<syn::Lit>()?;
        input.parse::<Token![,]>()?;
        let expr: Expr = input.parse()?;
        input.parse::<Option<Token![,]>>()?;
        Ok(expr)
    };
    let site = proc_macro2::Span::mixed_site();
    let nothing = || Expr::Verbatim(quote::quote_spanned!(site=> __tethered::any::<()>()));
    parser.parse2(tokens.clone()).unwrap_or_else(|_| nothing())
}
