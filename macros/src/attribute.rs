//! The attribute from end to end: both token streams in, one out.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ExprClosure;

use crate::{args, check, errors::Errors, expand, item};

pub(crate) fn serverless_handler(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let options = args::parse(args, &mut errors);
    let function = item::parse(item.clone(), item::HANDLER, &mut errors);
    let handler = function.and_then(|function| check::check(options, function, &mut errors));
    match handler {
        Some(handler) if errors.is_empty() => expand::expand(&handler),
        _ => beside(item, errors.into_compile_errors()),
    }
}

/// The item as it was: an editor goes on working, and no "cannot find function" follows.
fn beside(item: TokenStream, errors: TokenStream) -> TokenStream {
    if syn::parse2::<ExprClosure>(item.clone()).is_ok() {
        // In an expression's place only one expression can stand.
        return quote!({ #errors #item });
    }
    item.into_iter().chain(errors).collect()
}
