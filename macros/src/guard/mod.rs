//! The compile-time checks: detached and forgotten work is an error.
//!
//! `walk` goes through a body once. What names prove (`spawners`, `home`) it reports; for what only
//! types prove it writes questions (`checks`) into a copy of the body that never runs; what the
//! body calls is looked at in the crate's source (`helpers`, `source`).

mod checks;
mod helpers;
mod home;
mod kind;
mod known;
mod names;
mod print;
mod shape;
mod source;
mod spawners;
mod walk;
mod words;

use std::{env, path::PathBuf, sync::LazyLock};

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{
    Attribute, Block, FnArg, Item, ItemFn, Signature, Stmt, Type, parse::Parser as _,
    visit_mut::VisitMut,
};

pub(crate) use self::source::has_guard;
use self::{
    checks::{Checks, Output},
    home::Home,
    walk::Walker,
    words::How,
};

/// The inside of a body with what the guard adds: the errors that it has found, and the copy with its
/// questions. Nothing else is touched.
///
/// `written` is the return type, `inferred` the same with `_` in place of what no `let` can name.
pub(crate) fn guard(
    sig: &Signature,
    block: &Group,
    written: Option<&Type>,
    inferred: &Type,
) -> TokenStream {
    // What cannot be parsed is not judged.
    let Ok(stmts) = Block::parse_within.parse2(block.stream()) else {
        return block.stream();
    };
    let mut copy = Block {
        brace_token: syn::token::Brace(block.span()),
        stmts,
    };
    let items_first = leading_items(&copy.stmts);
    if mentions(block.stream(), "expect") {
        Expectations.visit_block_mut(&mut copy);
    }
    let home = Home::of(place(sig), sig, &mut copy);
    let output = Output::of(sig, written, inferred, || home.self_type().is_some());
    let mut walker = Walker::new(&home, helpers::follow, Some(Checks::default()), output);
    walker.in_unsafe = matches!(sig.safety, syn::Safety::Unsafe(_));
    for input in &sig.inputs {
        if let FnArg::Typed(argument) = input {
            walker.argument(&argument.pat, &argument.ty);
        }
    }
    walker.whole(&mut copy);
    let inner: Vec<_> = copy
        .stmts
        .iter()
        .filter_map(inner_function)
        .cloned()
        .collect();
    for mut function in inner {
        let mut inner = Walker::new(&home, helpers::follow, None, Output::None);
        inner.whole(&mut function.block);
        walker.found.extend(
            inner
                .found
                .into_iter()
                .filter(|found| found.how != How::Exit),
        );
    }
    let asks = walker.asked
        && sig.constness.is_none()
        && !is_impossible(&mut copy)
        && !measures_coverage();
    let errors = walker
        .found
        .iter()
        .map(|found| error(&found.message, found.at));
    let errors: TokenStream = errors.collect();
    let mut items = walker.checks.map(Checks::into_items).unwrap_or_default();
    let output = walker.output.into_item();
    // The items of the body stand in the original and are visible here. A macro's are not: it has
    // to come before its use.
    copy.stmts
        .retain(|stmt| !matches!(stmt, Stmt::Item(item) if !matches!(item, Item::Macro(_))));
    let stmts = &copy.stmts;
    let site = Span::mixed_site();
    items.extend(output.clone());
    let copy = (asks && output.is_some()).then(
        || quote_spanned!(site=> if false { use __tethered::TypeOf as _; let _ = __tethered::never(); #items #(#stmts)* }),
    );
    if errors.is_empty() && copy.is_none() {
        return block.stream();
    }
    let mut rest = block.stream().into_iter();
    let items: TokenStream = rest.by_ref().take(items_first).collect();
    let rest: TokenStream = if items_first == 0 {
        block.stream()
    } else {
        rest.collect()
    };
    quote!(#items #errors #copy #rest)
}

fn inner_function(stmt: &Stmt) -> Option<&ItemFn> {
    match stmt {
        Stmt::Item(Item::Fn(function)) if !source::is_conditional(&function.attrs) => {
            Some(function)
        }
        _ => None,
    }
}

/// How many tokens the items have that stand first. They stay first: after a statement, Clippy would
/// not like them.
fn leading_items(stmts: &[Stmt]) -> usize {
    let items = stmts
        .iter()
        .take_while(|stmt| matches!(stmt, Stmt::Item(_)));
    items
        .map(|item| item.to_token_stream().into_iter().count())
        .sum()
}

/// The file and the line of a function, where the compiler tells.
fn place(sig: &Signature) -> Option<(PathBuf, usize)> {
    if !proc_macro::is_available() {
        return None;
    }
    let span = sig.ident.span().unwrap();
    let file = span.local_file()?;
    Some((std::fs::canonicalize(file).ok()?, span.line()))
}

/// The closures of a copy would be counted as functions that never run.
fn measures_coverage() -> bool {
    static MEASURES: LazyLock<bool> =
        LazyLock::new(|| env::args().any(|flag| flag.contains("instrument-coverage")));
    *MEASURES
}

/// An inner `impl` would be there twice, unless its type is.
fn is_impossible(block: &mut Block) -> bool {
    struct Nested(bool, usize);
    impl VisitMut for Nested {
        fn visit_block_mut(&mut self, block: &mut Block) {
            self.1 += 1;
            let items = || {
                block.stmts.iter().filter_map(|stmt| {
                    if let Stmt::Item(item) = stmt {
                        Some(item)
                    } else {
                        None
                    }
                })
            };
            if self.1 > 1 {
                let own: Vec<_> = items()
                    .filter_map(|item| match item {
                        Item::Struct(item) => Some(item.ident.to_string()),
                        Item::Enum(item) => Some(item.ident.to_string()),
                        _ => None,
                    })
                    .collect();
                self.0 |= items().any(|item| match item {
                    Item::Impl(item) => {
                        source::type_name(&item.self_ty).is_none_or(|name| !own.contains(&name))
                    }
                    Item::ForeignMod(_) => true,
                    _ => false,
                });
            }
            syn::visit_mut::visit_block_mut(self, block);
            self.1 -= 1;
        }
        fn visit_item_mut(&mut self, _: &mut Item) {}
    }
    let mut nested = Nested(false, 0);
    nested.visit_block_mut(block);
    nested.0
}

/// What is expected of the original must not be expected of the copy as well.
struct Expectations;
impl VisitMut for Expectations {
    fn visit_attribute_mut(&mut self, attr: &mut Attribute) {
        if attr.path().is_ident("expect")
            && let syn::Meta::List(list) = &mut attr.meta
        {
            list.path = syn::Ident::new("allow", Span::mixed_site()).into();
        }
    }
}

/// `compile_error!` from the first token to the last, so that just those are underlined.
fn error(message: &str, (first, last): (Span, Span)) -> TokenStream {
    let mut text = proc_macro2::Literal::string(message);
    text.set_span(last);
    let mut arguments = Group::new(
        proc_macro2::Delimiter::Brace,
        TokenTree::Literal(text).into(),
    );
    arguments.set_span(last);
    // A body of its own: an error inside the function would hide what its types show.
    quote_spanned!(first=> const _: () = ::core::compile_error! #arguments;)
}

/// The first and the last token of what the user wrote.
fn ends(node: &impl ToTokens) -> (Span, Span) {
    let mut first = None;
    let mut last = Span::call_site();
    for token in node.to_token_stream() {
        first.get_or_insert_with(|| match &token {
            TokenTree::Group(group) => group.span_open(),
            token => token.span(),
        });
        last = match &token {
            TokenTree::Group(group) => group.span_close(),
            token => token.span(),
        };
    }
    (first.unwrap_or_else(Span::call_site), last)
}

fn mentions(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        _ => false,
    })
}
