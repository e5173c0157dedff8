//! The function that the attribute leaves behind: it hands the body to `tethered::__private::run`.
//!
//! Spans say who answers for a token. What stands for something that the user wrote has the span
//! of that: the return type, an option's name, the body's block. So a mistake there is reported
//! there. The rest has the macro's, where lints do not look and the body cannot see our names.

use proc_macro2::{Delimiter, Group, Ident, Literal, Span, TokenStream};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{
    ExprReference, Signature, Token, Type, TypeInfer,
    ext::IdentExt as _,
    parse_quote_spanned,
    spanned::Spanned as _,
    visit_mut::{self, VisitMut},
};

use crate::{
    arguments::Arguments,
    guard::guard,
    model::{Body, Executor, Frame, Given, Handler, Join, OnDrop, OnError, Options, Timeout},
};

pub(crate) fn expand(handler: &Handler) -> TokenStream {
    let Handler {
        attrs,
        vis,
        sig,
        inner_attrs,
        body,
        ..
    } = handler;
    let arguments = match body.frame {
        Frame::AsyncFn => Arguments::of(sig),
        Frame::Pinned { .. } => Arguments::rebound_in(&body.block, sig),
        Frame::BlockedOn { .. } => Arguments::untouched(sig),
    };
    let run = run(handler, &arguments);
    let block = match &body.frame {
        Frame::AsyncFn => run,
        Frame::Pinned {
            pin,
            paren,
            keywords,
        } => {
            let mut call = pin.to_token_stream();
            paren.surround(&mut call, |call| call.extend(quote!(#keywords { #run })));
            call
        }
        Frame::BlockedOn { before, after } => quote!(#before { #run } #after),
    };
    let sig = &arguments.sig;
    let mut whole = Group::new(Delimiter::Brace, quote!(#(#inner_attrs)* #block));
    // With the macro's span, what concerns the whole function would be reported at the attribute.
    whole.set_span(body.block.span());
    quote!(#(#attrs)* #vis #sig #whole)
}

/// `run(Handler::new(..), async move { .. }).await`
fn run(handler: &Handler, arguments: &Arguments) -> TokenStream {
    let Handler {
        options, sig, body, ..
    } = handler;
    let ours = Span::mixed_site();
    // Imported once, so that a crate that is not there is one error.
    let krate = options.krate.as_ref().map_or_else(
        || quote_spanned!(ours=> ::tethered),
        |krate| krate.value.to_token_stream(),
    );
    let (witness, pin) = output(handler);
    // Where this call stands is the handler's place, so no token of it may be the macro's.
    let name = sig.ident.unraw().to_string();
    let site = quote_spanned!(sig.ident.span()=> __tethered::Site::new(#name));
    let options = calls(options);
    let names = arguments.names_for(options.clone());

    let rebind = &arguments.rebind;
    let uses = match body.frame {
        Frame::AsyncFn => arguments.uses_for(options.clone()),
        // Another attribute has bound them in the body.
        Frame::Pinned { .. } | Frame::BlockedOn { .. } => TokenStream::new(),
    };
    let block = guarded(sig, body);
    // The body is a block of its own, as in rustc's own `async fn`: its items and attributes stay
    // first, and what its last expression borrows is given back before the arguments are dropped.
    // A block that is an arm does that in every edition.
    let body = quote_spanned! {block.span()=>
        async move { #pin #rebind #uses match () { () => #block } }
    };
    quote_spanned! {ours=>
        use #krate::__private as __tethered;
        #names
        let __handler = __tethered::Handler::new(#witness, const { &#site }) #options;
        __tethered::run(__handler, #body).await
    }
}

/// The body with what the guard adds.
fn guarded(sig: &Signature, body: &Body) -> Group {
    let written = body.output.as_ref();
    let inferred = written.map_or_else(
        || parse_quote_spanned!(Span::mixed_site()=> ()),
        without_impl_trait,
    );
    let inside = guard(sig, &body.block, written, &inferred);
    let mut block = Group::new(Delimiter::Brace, inside);
    block.set_span(body.block.span());
    block
}

/// Says which output the handler has: to the runtime, with the only trait bound of the expansion,
/// and to the body, whose `return` and `?` would else have to guess.
fn output(handler: &Handler) -> (TokenStream, Option<TokenStream>) {
    let name = handler.sig.ident.span();
    let (ty, at) = handler.body.output.as_ref().map_or_else(
        || (parse_quote_spanned!(name=> ()), name),
        |ty| (without_impl_trait(ty), ty.span()),
    );
    let on_error = match handler.options.on_error {
        Some(Given {
            value: OnError::Log,
            ..
        }) => Ident::new("log", at),
        _ => Ident::new("fail", at),
    };
    let witness = quote_spanned!(at=> __tethered::#on_error::<#ty>());
    let pin = quote_spanned! {at=>
        if let ::core::option::Option::Some(__output) = ::core::option::Option::None::<#ty> {
            return __output;
        }
    };
    (witness, (!matches!(ty, Type::Infer(_))).then_some(pin))
}

/// The calls on `Handler`, each at its option's name.
fn calls(options: &Options) -> TokenStream {
    let mut calls = TokenStream::new();
    if let Some(Given {
        key,
        value: Join::JoinAll,
    }) = &options.join
    {
        calls.extend(quote_spanned!(key.span()=> .join_all()));
    }
    if let Some(Given { key, value }) = &options.timeout {
        let duration = match value {
            Timeout::Expr(expr) => expr.to_token_stream(),
            Timeout::Literal(duration) => {
                let secs = Literal::u64_unsuffixed(duration.as_secs());
                let nanos = Literal::u32_unsuffixed(duration.subsec_nanos());
                quote_spanned!(Span::mixed_site()=> __tethered::Duration::new(#secs, #nanos))
            }
        };
        calls.extend(quote_spanned!(key.span()=> .timeout(#duration)));
    }
    if let Some(Given {
        key,
        value: OnDrop::Abort,
    }) = &options.on_drop
    {
        calls.extend(quote_spanned!(key.span()=> .abort_on_drop()));
    }
    if let Some(Given {
        key,
        value: Executor::InTask,
    }) = &options.executor
    {
        calls.extend(quote_spanned!(key.span()=> .in_task()));
    }
    if let Some(Given { key, value }) = &options.max_concurrent {
        calls.extend(quote_spanned!(key.span()=> .max_concurrent(#value)));
    }
    if let Some(Given { key, value }) = &options.host {
        // Built by syn, which adds parentheses only where they are needed.
        let host = ExprReference {
            attrs: Vec::new(),
            and_token: Token![&](value.span()),
            mutability: None,
            expr: Box::new(value.clone()),
        };
        calls.extend(quote_spanned!(key.span()=> .host(#host)));
    }
    calls
}

/// Expressions cannot name the types behind `impl Trait` and, on stable, `!`: those are inferred.
pub(crate) fn without_impl_trait(ty: &Type) -> Type {
    struct Infer;
    impl VisitMut for Infer {
        fn visit_type_mut(&mut self, ty: &mut Type) {
            if matches!(ty, Type::ImplTrait(_) | Type::Never(_)) {
                *ty = Type::Infer(TypeInfer {
                    attrs: Vec::new(),
                    underscore_token: Token![_](ty.span()),
                });
            }
            visit_mut::visit_type_mut(self, ty);
        }
    }
    let mut ty = ty.clone();
    Infer.visit_type_mut(&mut ty);
    ty
}
