//! The shapes a handler can have: an `async fn`, and what two kinds of attributes make of one.

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::quote;
use syn::{
    GenericArgument, Path, PathArguments, Result, ReturnType, Signature, Token, Type,
    TypeParamBound, parenthesized,
    parse::{ParseStream, Parser as _},
};

use crate::model::{Body, Frame};

/// `async fn f() -> R { .. }`.
pub(crate) fn async_fn(sig: &Signature, block: &Group) -> Option<Body> {
    sig.asyncness?;
    Some(Body {
        output: return_type(sig),
        block: block.clone(),
        frame: Frame::AsyncFn,
    })
}

/// Of `#[async_trait]`:
/// `fn f() -> Pin<Box<dyn Future<Output = R>>> { Box::pin(async move { .. }) }`.
pub(crate) fn boxed_future(sig: &Signature, block: &Group) -> Option<Body> {
    let ReturnType::Type(_, pinned) = &sig.output else {
        return None;
    };
    let output = future_output(type_argument(type_argument(pinned, "Pin")?, "Box")?)?;
    let parser = |input: ParseStream<'_>| {
        let pin = input.call(Path::parse_mod_style)?;
        let content;
        let paren = parenthesized!(content in input);
        let (keywords, block) = async_block(&content)?;
        Ok((pin, paren, keywords, block))
    };
    let (pin, paren, keywords, block) = parser.parse2(block.stream()).ok()?;
    let mut path = pin.segments.iter().rev().map(|segment| &segment.ident);
    let is_pin = path.next()? == "pin" && path.next()? == "Box";
    is_pin.then(|| Body {
        output: Some(output.clone()),
        block,
        frame: Frame::Pinned {
            pin,
            paren,
            keywords,
        },
    })
}

/// Of `#[tokio::main]` and `#[tokio::test]`:
/// `fn f() -> R { let body = async { .. }; .. block_on(body) }`.
pub(crate) fn blocked_on(sig: &Signature, block: &Group) -> Option<Body> {
    let parser = |input: ParseStream<'_>| {
        let token_let: Token![let] = input.parse()?;
        let name: Ident = input.parse()?;
        let eq: Token![=] = input.parse()?;
        let (keywords, block) = async_block(input)?;
        let before = quote!(#token_let #name #eq #keywords);
        Ok((name, before, block, input.parse::<TokenStream>()?))
    };
    let (name, before, block, after) = parser.parse2(block.stream()).ok()?;
    let is_body = name == "body" && mentions(after.clone(), "block_on");
    is_body.then(|| Body {
        output: return_type(sig),
        block,
        frame: Frame::BlockedOn { before, after },
    })
}

fn return_type(sig: &Signature) -> Option<Type> {
    match &sig.output {
        ReturnType::Default => None,
        ReturnType::Type(_, ty) => Some(Type::clone(ty)),
    }
}

fn async_block(input: ParseStream<'_>) -> Result<(TokenStream, Group)> {
    let token_async: Token![async] = input.parse()?;
    let token_move: Option<Token![move]> = input.parse()?;
    Ok((quote!(#token_async #token_move), input.parse()?))
}

/// The `T` of `name<T>`, whatever path `name` stands in.
fn type_argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let Type::Path(path) = ty else { return None };
    let segment = path
        .path
        .segments
        .last()
        .filter(|segment| segment.ident == name)?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    })
}

/// The `R` of `dyn Future<Output = R>`.
fn future_output(ty: &Type) -> Option<&Type> {
    let Type::TraitObject(object) = ty else {
        return None;
    };
    let future = object.bounds.iter().find_map(|bound| match bound {
        TypeParamBound::Trait(bound) => bound
            .path
            .segments
            .last()
            .filter(|segment| segment.ident == "Future"),
        _ => None,
    })?;
    let PathArguments::AngleBracketed(arguments) = &future.arguments else {
        return None;
    };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(assoc) if assoc.ident == "Output" => Some(&assoc.ty),
        _ => None,
    })
}

fn mentions(tokens: TokenStream, name: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        _ => false,
    })
}
