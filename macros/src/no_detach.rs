//! `#[no_detach]`: the guard without the handler.

use proc_macro2::{Delimiter, Group, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{
    Error, ImplItem, ItemImpl, Path, Result, ReturnType, Signature, Stmt, Token,
    parse::{ParseStream, Parser as _},
};

use crate::{
    errors::Errors,
    expand::without_impl_trait,
    guard::{guard, has_guard},
    item::{self, Function, FunctionBlock},
};

pub(crate) fn no_detach(args: TokenStream, item: TokenStream) -> TokenStream {
    let mut errors = Errors::default();
    let krate = krate.parse2(args).unwrap_or_else(|error| {
        errors.push(error);
        quote!(::tethered)
    });
    let guarded = if is_impl(&item) {
        methods(&krate, item.clone())
    } else {
        let function = item::parse(item.clone(), item::NO_DETACH, &mut errors);
        function.map(|function| one(&krate, function))
    };
    let item = guarded.filter(|_| errors.is_empty()).unwrap_or(item);
    let errors = errors.into_compile_errors();
    quote!(#item #errors)
}

/// `crate = path`, the only option.
fn krate(input: ParseStream<'_>) -> Result<TokenStream> {
    if input.is_empty() {
        return Ok(quote_spanned!(Span::mixed_site()=> ::tethered));
    }
    let wrong = |span| {
        Error::new(
            span,
            "`no_detach` has one option: write `crate = ::tethered`",
        )
    };
    let at = input.span();
    input.parse::<Token![crate]>().map_err(|_| wrong(at))?;
    input.parse::<Token![=]>().map_err(|_| wrong(at))?;
    let path = input.call(Path::parse_mod_style).map_err(|_| wrong(at))?;
    input.parse::<Option<Token![,]>>()?;
    if input.is_empty() {
        Ok(path.to_token_stream())
    } else {
        Err(wrong(input.span()))
    }
}

fn is_impl(item: &TokenStream) -> bool {
    let head = |input: ParseStream<'_>| {
        input.call(syn::Attribute::parse_outer)?;
        input.parse::<Option<Token![unsafe]>>()?;
        let is_impl = input.peek(Token![impl]);
        input.parse::<TokenStream>()?;
        Ok(is_impl)
    };
    head.parse2(item.clone()).unwrap_or(false)
}

fn one(krate: &TokenStream, function: Function) -> TokenStream {
    let Function {
        attrs,
        vis,
        sig,
        block,
    } = function;
    let Some(FunctionBlock { inner_attrs, rest }) = block else {
        return quote!(#(#attrs)* #vis #sig;);
    };
    let inside = inside(krate, &sig, &rest);
    let mut block = Group::new(Delimiter::Brace, quote!(#(#inner_attrs)* #inside));
    block.set_span(rest.span());
    quote!(#(#attrs)* #vis #sig #block)
}

fn inside(krate: &TokenStream, sig: &Signature, block: &Group) -> TokenStream {
    let written = match &sig.output {
        ReturnType::Type(_, ty) => Some(&**ty),
        ReturnType::Default => None,
    };
    let inferred = written.map_or_else(|| syn::parse_quote!(()), without_impl_trait);
    let inside = guard(sig, block, written, &inferred);
    // Without a copy nothing is asked of the runtime.
    quote_spanned! {Span::mixed_site()=>
        #[allow(unused_imports)]
        use #krate::__private as __tethered;
        #inside
    }
}

/// Every method of an `impl` block. One that cannot be parsed is left as it is.
fn methods(krate: &TokenStream, item: TokenStream) -> Option<TokenStream> {
    let mut block: ItemImpl = syn::parse2(item).ok()?;
    for item in &mut block.items {
        let ImplItem::Fn(method) = item else { continue };
        if has_guard(&method.attrs) {
            continue;
        }
        let stmts = &method.block.stmts;
        let mut body = Group::new(Delimiter::Brace, quote!(#(#stmts)*));
        body.set_span(method.block.brace_token.span.join());
        let inside = inside(krate, &method.sig, &body);
        method.block.stmts = vec![Stmt::Expr(syn::Expr::Verbatim(inside), None)];
    }
    Some(block.to_token_stream())
}
