//! Where the functions of a file are, and the file with the attribute on them.

use std::ops::RangeInclusive;

use quote::ToTokens;
use syn::{
    Attribute, ImplItemFn, ItemFn, ItemMod, Meta, Signature, TraitItemFn, spanned::Spanned, visit,
    visit::Visit,
};

const ATTRIBUTE: &str = "#[::tethered::no_detach] ";

#[derive(Clone)]
pub(crate) struct Function {
    /// The byte of its first token after its attributes.
    start: usize,
    /// From its first attribute to its closing brace.
    pub(crate) lines: RangeInclusive<usize>,
}

/// Every function with a body that runs: free, a method, one of a trait, or inside another. A
/// `const fn` may not hold the guard, tests are not compiled, and a macro's tokens are unknown.
pub(crate) fn find(source: &str) -> syn::Result<Vec<Function>> {
    let mut found = Found::default();
    found.visit_file(&syn::parse_file(source)?);
    found.functions.sort_by_key(|function| function.start);
    Ok(found.functions)
}

/// Adds text to lines, and no line.
pub(crate) fn attribute(source: &str, functions: &[Function]) -> String {
    let mut text = String::with_capacity(source.len() + functions.len() * ATTRIBUTE.len());
    let mut copied = 0;
    for function in functions {
        text += &source[copied..function.start];
        text += ATTRIBUTE;
        copied = function.start;
    }
    text + &source[copied..]
}

#[derive(Default)]
struct Found {
    functions: Vec<Function>,
}

impl Found {
    /// `bare` is the function without its attributes.
    fn add(&mut self, whole: &impl Spanned, bare: &impl ToTokens, signature: &Signature) {
        let first = bare.to_token_stream().into_iter().next();
        if let Some(first) = first
            && signature.constness.is_none()
        {
            let span = whole.span();
            self.functions.push(Function {
                start: first.span().byte_range().start,
                lines: span.start().line..=span.end().line,
            });
        }
    }
}

impl<'ast> Visit<'ast> for Found {
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if !is_test(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        if is_test(&function.attrs) {
            return;
        }
        let mut bare = function.clone();
        bare.attrs.clear();
        self.add(function, &bare, &function.sig);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, method: &'ast ImplItemFn) {
        if is_test(&method.attrs) {
            return;
        }
        let mut bare = method.clone();
        bare.attrs.clear();
        self.add(method, &bare, &method.sig);
        visit::visit_impl_item_fn(self, method);
    }

    fn visit_trait_item_fn(&mut self, method: &'ast TraitItemFn) {
        if is_test(&method.attrs) || method.default.is_none() {
            return;
        }
        let mut bare = method.clone();
        bare.attrs.clear();
        self.add(method, &bare, &method.sig);
        visit::visit_trait_item_fn(self, method);
    }
}

/// `#[test]`, `#[tokio::test]`, or `#[cfg(test)]`.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("cfg") => {
            let condition = list.tokens.to_string().replace(' ', "");
            condition == "test" || condition.starts_with("all(test,")
        }
        meta => meta
            .path()
            .segments
            .last()
            .is_some_and(|last| last.ident == "test"),
    })
}
