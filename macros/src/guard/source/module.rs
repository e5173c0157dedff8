//! One module: what it imports, its functions, types and macros.

use std::{collections::HashMap, path::PathBuf, rc::Rc};

use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, Block, Fields, ImplItem, Item, Meta, Signature, Type, UseTree, Visibility};

use super::{File, ModulePath, outline::Body};
use crate::guard::mentions;

/// A function of the crate.
pub(in crate::guard) struct Function {
    pub(in crate::guard) path: String,
    pub(in crate::guard) module: ModulePath,
    pub(in crate::guard) self_type: Option<String>,
    pub(in crate::guard) sig: Signature,
    /// Empty where `body` has what was in it.
    block: Block,
    body: Option<Body>,
    /// Has the guard itself, so that its mistakes are reported where they are.
    pub(in crate::guard) guarded: bool,
    pub(in crate::guard) file: PathBuf,
}

impl Function {
    /// What it does, parsed when it is asked for.
    pub(in crate::guard) fn block(&self) -> Option<Block> {
        match &self.body {
            Some(body) => body.parse(),
            None => Some(self.block.clone()),
        }
    }
}

#[derive(Default)]
pub(in crate::guard) struct Module {
    pub(in crate::guard) path: ModulePath,
    pub(super) uses: Vec<(String, Vec<String>)>,
    pub(super) globs: Vec<Vec<String>>,
    pub(super) functions: HashMap<String, Rc<Function>>,
    /// Of a type and a name; `None` where several `impl`s have it.
    methods: HashMap<(String, String), Option<Rc<Function>>>,
    /// The same, of traits: a method of the type itself goes before.
    trait_methods: HashMap<(String, String), Option<Rc<Function>>>,
    pub(super) fields: HashMap<(String, String), Type>,
    /// Structs and enums.
    pub(super) types: Vec<String>,
    /// `type` aliases, with the name of what they stand for.
    pub(super) aliases: HashMap<String, String>,
    /// Names that mean one thing or another, under `#[cfg]`.
    pub(super) unclear: Vec<String>,
    /// Names that other modules may import.
    public: Vec<String>,
    /// Names of items that are neither functions nor imports.
    pub(super) others: Vec<String>,
    pub(super) modules: HashMap<String, Rc<Inner>>,
    /// `macro_rules!`: whether one arm that is an expression is all there is.
    pub(super) macros: HashMap<String, bool>,
    impls: Vec<Impl>,
}

struct Impl {
    first_line: usize,
    last_line: usize,
    ty: String,
    generics: Vec<String>,
}

pub(super) enum Inner {
    Inline(Vec<Item>),
    File,
}

impl Module {
    pub(super) fn new(path: ModulePath, file: &File, items: &[Item]) -> Self {
        let mut module = Self {
            path,
            ..Self::default()
        };
        for item in items {
            module.add(item, file);
        }
        module
    }

    fn add(&mut self, item: &Item, file: &File) {
        match item {
            Item::Use(item) => {
                let mut prefix = Vec::new();
                if item.leading_colon.is_some() {
                    prefix.push(String::new());
                }
                let (mut uses, mut globs) = (Vec::new(), Vec::new());
                imports(&item.tree, &mut prefix, &mut uses, &mut globs);
                for (name, target) in uses {
                    let known = self.uses.iter().find(|(known, _)| *known == name);
                    if is_conditional(&item.attrs)
                        || known.is_some_and(|(_, known)| *known != target)
                    {
                        self.unclear.push(name.clone());
                    }
                    self.declare(&name, &item.vis, &[]);
                    self.uses.push((name, target));
                }
                self.globs.extend(globs);
            }
            Item::Fn(item) => {
                let name = item.sig.ident.to_string();
                self.declare(&name, &item.vis, &item.attrs);
                if !is_conditional(&item.attrs) {
                    let function = self.function(None, &item.attrs, &item.sig, &item.block, file);
                    self.functions.insert(name.clone(), function);
                }
                self.others.push(name);
            }
            Item::Impl(item) => {
                let Some(ty) = type_name(&item.self_ty) else {
                    return;
                };
                let span = item.brace_token.span;
                let generics = item.generics.type_params();
                self.impls.push(Impl {
                    first_line: span.open().start().line,
                    last_line: span.close().end().line,
                    ty: ty.clone(),
                    generics: generics.map(|param| param.ident.to_string()).collect(),
                });
                let is_conditional_impl = is_conditional(&item.attrs);
                let guarded = has_guard(&item.attrs);
                for method in &item.items {
                    let ImplItem::Fn(method) = method else {
                        continue;
                    };
                    let mut attrs = method.attrs.clone();
                    if guarded {
                        attrs.extend(item.attrs.iter().cloned());
                    }
                    let key = (ty.clone(), method.sig.ident.to_string());
                    let (sig, block) = (&method.sig, &method.block);
                    let function = self.function(Some(ty.clone()), &attrs, sig, block, file);
                    let is_clear = !is_conditional_impl && !is_conditional(&method.attrs);
                    let methods = match &item.trait_ {
                        Some(_) => &mut self.trait_methods,
                        None => &mut self.methods,
                    };
                    let known = methods.contains_key(&key);
                    methods.insert(key, (is_clear && !known).then_some(function));
                }
            }
            Item::Struct(item) => {
                let name = item.ident.to_string();
                if let Fields::Named(fields) = &item.fields {
                    for field in &fields.named {
                        if let Some(ident) = &field.ident {
                            let key = (name.clone(), ident.to_string());
                            self.fields.insert(key, field.ty.clone());
                        }
                    }
                }
                self.declare(&name, &item.vis, &item.attrs);
                self.types.push(name.clone());
                self.others.push(name);
            }
            Item::Mod(item) => {
                let name = item.ident.to_string();
                self.declare(&name, &item.vis, &item.attrs);
                self.others.push(name.clone());
                let is_path = item.attrs.iter().any(|attr| attr.path().is_ident("path"));
                if is_conditional(&item.attrs) || is_path {
                    return;
                }
                let inner = match &item.content {
                    Some((_, items)) => Inner::Inline(items.clone()),
                    None => Inner::File,
                };
                self.modules.insert(name, Rc::new(inner));
            }
            Item::Macro(item) => {
                if let Some(name) = &item.ident {
                    self.macros
                        .insert(name.to_string(), is_expression(item.mac.tokens.clone()));
                }
            }
            Item::Enum(item) => {
                self.declare(&item.ident.to_string(), &item.vis, &item.attrs);
                self.types.push(item.ident.to_string());
                self.others.push(item.ident.to_string());
            }
            Item::Trait(item) => self.others.push(item.ident.to_string()),
            Item::Type(item) => {
                let name = item.ident.to_string();
                self.declare(&name, &item.vis, &item.attrs);
                let target = type_name(&item.ty).unwrap_or_default();
                self.aliases.insert(name.clone(), target);
                self.others.push(name);
            }
            Item::Const(item) => self.others.push(item.ident.to_string()),
            Item::Static(item) => self.others.push(item.ident.to_string()),
            Item::Union(item) => self.others.push(item.ident.to_string()),
            Item::ExternCrate(item) => {
                let alias = item.rename.as_ref().map(|(_, name)| name.to_string());
                if let Some(alias) = alias {
                    self.uses.push((alias, vec![item.ident.to_string()]));
                }
            }
            _ => {}
        }
    }

    fn declare(&mut self, name: &str, vis: &Visibility, attrs: &[Attribute]) {
        if is_conditional(attrs) {
            self.unclear.push(name.to_owned());
        }
        if !matches!(vis, Visibility::Inherited) {
            self.public.push(name.to_owned());
        }
    }

    /// Whether `from` can import the name.
    pub(super) fn shows(&self, name: &str, from: &Self) -> bool {
        let is_mine = || self.has(name) || self.imports(name);
        self.public.iter().any(|public| public == name)
            || (from.path.starts_with(&self.path) && is_mine())
    }

    /// A method or associated function.
    pub(super) fn method(&self, ty: &str, name: &str) -> Option<&Rc<Function>> {
        let key = (ty.to_owned(), name.to_owned());
        let method = self
            .methods
            .get(&key)
            .or_else(|| self.trait_methods.get(&key));
        method?.as_ref()
    }

    fn function(
        &self,
        self_type: Option<String>,
        attrs: &[Attribute],
        sig: &Signature,
        block: &Block,
        file: &File,
    ) -> Rc<Function> {
        let mut path: Vec<_> = self.path.clone();
        path.extend(self_type.clone());
        path.push(sig.ident.to_string());
        let opens = block.brace_token.span.open().start();
        Rc::new(Function {
            path: path.join("::"),
            module: self.path.clone(),
            self_type,
            sig: sig.clone(),
            block: block.clone(),
            body: file.bodies.get(&opens).cloned(),
            guarded: has_guard(attrs),
            file: file.path.clone(),
        })
    }

    pub(super) fn knows(&self, first: &str) -> bool {
        matches!(first, "" | "crate" | "self" | "super") || self.imports(first) || self.has(first)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.others.iter().any(|other| other == name)
    }

    /// Whether a macro of this name is the module's own, and then whether it is one expression.
    pub(in crate::guard) fn own_macro(&self, name: &str) -> Option<bool> {
        self.macros.get(name).copied()
    }

    pub(in crate::guard) fn imports(&self, name: &str) -> bool {
        self.uses.iter().any(|(alias, _)| alias == name)
    }

    /// Every import, with the name it has here.
    pub(in crate::guard) fn imported(&self) -> impl Iterator<Item = &[String]> {
        self.uses.iter().map(|(_, target)| &**target)
    }

    pub(in crate::guard) fn globs(&self) -> impl Iterator<Item = &[String]> {
        self.globs.iter().map(|glob| &**glob)
    }

    /// The type of the `impl` that a line stands in, and its generic types.
    pub(in crate::guard) fn impl_at(&self, line: usize) -> Option<(&str, &[String])> {
        let mut around = self
            .impls
            .iter()
            .filter(|block| (block.first_line..=block.last_line).contains(&line));
        around.next().map(|block| (&*block.ty, &*block.generics))
    }
}

pub(in crate::guard) fn imports(
    tree: &UseTree,
    prefix: &mut Vec<String>,
    uses: &mut Vec<(String, Vec<String>)>,
    globs: &mut Vec<Vec<String>>,
) {
    match tree {
        UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            imports(&path.tree, prefix, uses, globs);
            prefix.pop();
        }
        UseTree::Name(name) if name.ident == "self" => {
            if let Some(last) = prefix.last() {
                uses.push((last.clone(), prefix.clone()));
            }
        }
        UseTree::Name(name) => {
            let name = name.ident.to_string();
            let target = prefix.iter().cloned().chain([name.clone()]).collect();
            uses.push((name, target));
        }
        UseTree::Rename(rename) => {
            let mut target = prefix.clone();
            if rename.ident != "self" {
                target.push(rename.ident.to_string());
            }
            uses.push((rename.rename.to_string(), target));
        }
        UseTree::Glob(_) => globs.push(prefix.clone()),
        UseTree::Group(group) => {
            for tree in &group.items {
                imports(tree, prefix, uses, globs);
            }
        }
    }
}

/// One arm whose right side is one expression.
pub(in crate::guard) fn is_expression(rules: TokenStream) -> bool {
    let mut groups = Vec::new();
    for token in rules {
        match token {
            TokenTree::Group(group) => groups.push(group),
            TokenTree::Punct(_) => {}
            _ => return false,
        }
    }
    let [_, right] = &groups[..] else {
        return false;
    };
    named(right.stream()).is_some_and(|tokens| syn::parse2::<syn::Expr>(tokens).is_ok())
}

/// The tokens with a macro's variables as names, so that they parse.
fn named(tokens: TokenStream) -> Option<TokenStream> {
    let mut out = Vec::new();
    for token in tokens {
        match token {
            TokenTree::Punct(punct) if punct.as_char() == '$' => {}
            TokenTree::Group(group) => {
                let inner = named(group.stream())?;
                let mut new = proc_macro2::Group::new(group.delimiter(), inner);
                new.set_span(group.span());
                out.push(TokenTree::Group(new));
            }
            other => out.push(other),
        }
    }
    Some(out.into_iter().collect())
}

pub(crate) fn has_guard(attrs: &[Attribute]) -> bool {
    let names = ["serverless_handler", "no_detach"];
    attrs.iter().any(|attr| {
        attr.path()
            .segments
            .last()
            .is_some_and(|last| names.iter().any(|name| last.ident == name))
    })
}

pub(in crate::guard) fn is_conditional(attrs: &[Attribute]) -> bool {
    attrs.iter().any(|attr| match &attr.meta {
        Meta::List(list) if list.path.is_ident("cfg_attr") => mentions(list.tokens.clone(), "cfg"),
        meta => meta.path().is_ident("cfg") || meta.path().is_ident("test"),
    })
}

/// The name of a type, through references and the usual smart pointers.
pub(in crate::guard) fn type_name(ty: &Type) -> Option<String> {
    match ty {
        Type::Reference(reference) => type_name(&reference.elem),
        Type::Paren(paren) => type_name(&paren.elem),
        Type::Group(group) => type_name(&group.elem),
        Type::Path(path) if path.qself.is_none() => {
            let last = path.path.segments.last()?;
            if ["Arc", "Rc", "Box"].iter().any(|name| last.ident == name)
                && let syn::PathArguments::AngleBracketed(arguments) = &last.arguments
                && let Some(syn::GenericArgument::Type(inner)) = arguments.args.first()
            {
                return type_name(inner);
            }
            Some(last.ident.to_string())
        }
        _ => None,
    }
}
