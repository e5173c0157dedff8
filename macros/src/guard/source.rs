//! The crate's source as far as it was asked for: modules, what they import, and their functions.
//!
//! Everything is read with the fallback tokens of `proc_macro2` and leaves as text, so that no
//! token of it meets one of the compiler's. Files are read once in a process and again when one has
//! another time or length, for a language server that lives long.

use std::{
    cell::RefCell,
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    rc::Rc,
    time::SystemTime,
};

use proc_macro2::{TokenStream, TokenTree};
use syn::{Attribute, Fields, ImplItem, Item, ItemMod, Signature, Type, UseTree};

use super::spawners::WORDS;

/// A path from the crate's root.
pub(super) type ModulePath = Vec<String>;

/// A function of the crate.
pub(super) struct Function {
    pub(super) path: String,
    pub(super) module: ModulePath,
    pub(super) self_type: Option<String>,
    pub(super) sig: Signature,
    pub(super) block: syn::Block,
    /// Has the guard itself, so that its mistakes are reported where they are.
    pub(super) guarded: bool,
    pub(super) file: PathBuf,
}

#[derive(Default)]
pub(super) struct Module {
    pub(super) path: ModulePath,
    uses: Vec<(String, Vec<String>)>,
    globs: Vec<Vec<String>>,
    functions: HashMap<String, Rc<Function>>,
    methods: HashMap<(String, String), Rc<Function>>,
    fields: HashMap<(String, String), Type>,
    /// Structs and enums.
    types: Vec<String>,
    /// Names of items that are neither functions nor imports.
    others: Vec<String>,
    modules: HashMap<String, Rc<Inner>>,
    /// `macro_rules!`: whether one arm that is an expression is all there is.
    macros: HashMap<String, bool>,
    /// The lines of `impl` blocks, with their types.
    impls: Vec<(usize, usize, String)>,
}

enum Inner {
    Inline(Vec<Item>),
    File,
}

/// One crate, read module by module.
pub(super) struct Source {
    root: PathBuf,
    stamps: Vec<(PathBuf, Stamp)>,
    modules: RefCell<HashMap<ModulePath, Option<Rc<Module>>>>,
    inline: RefCell<HashMap<PathBuf, InlineModules>>,
    /// What functions are known to detach.
    detached: RefCell<HashMap<String, Option<String>>>,
    names_spawners: bool,
    /// Types that implement `Future` or `IntoFuture` somewhere.
    futures: Vec<String>,
}

type Stamp = Option<(SystemTime, u64)>;
/// First line, last line, path inside the file.
type InlineModules = Vec<(usize, usize, Vec<String>)>;

fn stamp(path: &Path) -> Stamp {
    let data = fs::metadata(path).ok()?;
    Some((data.modified().ok()?, data.len()))
}

thread_local! {
    static SOURCES: RefCell<HashMap<PathBuf, (PathBuf, Rc<Source>)>> = RefCell::default();
}

/// The crate that a file belongs to.
pub(super) fn of(file: &Path) -> Rc<Source> {
    let known = SOURCES.with_borrow(|sources| sources.get(file).cloned());
    if let Some((_, source)) = known
        && source.is_fresh()
    {
        return source;
    }
    let root = root_of(file);
    let shared = SOURCES.with_borrow(|sources| {
        let mut of_root = sources.values().filter(|(known, _)| *known == root);
        of_root
            .find(|(_, source)| source.is_fresh())
            .map(|(_, source)| source.clone())
    });
    let source = shared.unwrap_or_else(|| Rc::new(Source::open(&root, file)));
    SOURCES.with_borrow_mut(|sources| {
        sources.insert(file.to_owned(), (root, source.clone()));
    });
    source
}

/// The file whose module tree has `file` in it: up as long as the one above declares it.
fn root_of(file: &Path) -> PathBuf {
    above(file).map_or_else(|| file.to_owned(), |(parent, _)| root_of(&parent))
}

/// The file that declares `file` as a module, and under which name.
fn above(file: &Path) -> Option<(PathBuf, String)> {
    let (dir, stem) = (file.parent()?, file.file_stem()?.to_str()?);
    if matches!(stem, "lib" | "main") {
        return None;
    }
    let (name, dir) = if stem == "mod" {
        (dir.file_name()?.to_str()?.to_owned(), dir.parent()?)
    } else {
        (stem.to_owned(), dir)
    };
    let beside = dir.with_extension("rs");
    let candidates = [
        dir.join("lib.rs"),
        dir.join("main.rs"),
        dir.join("mod.rs"),
        beside,
    ];
    let declares = |candidate: &PathBuf| {
        candidate != file
            && fs::read_to_string(candidate).is_ok_and(|text| {
                text.lines().any(|line| {
                    let line = line.trim_end().trim_end_matches(';');
                    line.ends_with(&format!("mod {name}")) && !line.trim_start().starts_with("//")
                })
            })
    };
    candidates
        .into_iter()
        .find(declares)
        .map(|parent| (parent, name))
}

impl Source {
    fn open(root: &Path, file: &Path) -> Self {
        let mut files = vec![root.to_owned(), file.to_owned()];
        if let Some(dir) = root.parent() {
            let is_root = root
                .file_stem()
                .is_some_and(|stem| stem == "lib" || stem == "main");
            if is_root {
                collect(dir, &mut files, 0);
            } else {
                collect(
                    &dir.join(root.file_stem().unwrap_or_default()),
                    &mut files,
                    0,
                );
            }
        }
        let mut names_spawners = false;
        let mut futures = Vec::new();
        for text in files
            .iter()
            .filter_map(|file| fs::read_to_string(file).ok())
        {
            names_spawners |= WORDS.iter().any(|word| text.contains(word));
            for (at, found) in text.match_indices("Future for ") {
                let name = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
                let path = text[at + found.len()..].split(|c| !name(c)).next();
                futures.extend(
                    path.and_then(|path| path.rsplit("::").next())
                        .map(str::to_owned),
                );
            }
        }
        let stamps = files
            .into_iter()
            .map(|file| {
                let at = stamp(&file);
                (file, at)
            })
            .collect();
        Self {
            root: root.to_owned(),
            stamps,
            modules: RefCell::default(),
            inline: RefCell::default(),
            detached: RefCell::default(),
            names_spawners,
            futures,
        }
    }

    /// Whether any file has a word of a spawner in it. Most crates need not be parsed to know.
    pub(super) fn names_spawners(&self) -> bool {
        self.names_spawners
    }

    /// What a function is known to detach, found out at most once.
    pub(super) fn detached(
        &self,
        function: &str,
        find_out: impl FnOnce() -> Option<String>,
    ) -> Option<String> {
        let known = self.detached.borrow().get(function).cloned();
        known.unwrap_or_else(|| {
            // One that calls itself adds nothing to what it does besides.
            self.detached.borrow_mut().insert(function.to_owned(), None);
            let found = find_out();
            self.detached
                .borrow_mut()
                .insert(function.to_owned(), found.clone());
            found
        })
    }

    fn is_fresh(&self) -> bool {
        self.stamps.iter().all(|(file, at)| stamp(file) == *at)
    }

    fn read(&self, path: &Path) -> Option<Vec<Item>> {
        let text = fs::read_to_string(path).ok()?;
        let items = syn::parse_file(&text).ok()?.items;
        let mut spans = Vec::new();
        inline_modules(&items, &mut Vec::new(), &mut spans);
        self.inline.borrow_mut().insert(path.to_owned(), spans);
        Some(items)
    }

    /// The module that line `line` of `file` stands in.
    pub(super) fn module_at(&self, file: &Path, line: usize) -> Option<Rc<Module>> {
        let mut path = self.path_of(file)?;
        self.module(&path)?;
        let inline = self.inline.borrow();
        let within = inline
            .get(file)?
            .iter()
            .filter(|(first, last, _)| (*first..=*last).contains(&line));
        if let Some((_, _, inner)) = within.max_by_key(|(_, _, inner)| inner.len()) {
            path.extend(inner.iter().cloned());
        }
        drop(inline);
        self.module(&path)
    }

    fn path_of(&self, file: &Path) -> Option<ModulePath> {
        if file == self.root {
            return Some(Vec::new());
        }
        let (parent, name) = above(file)?;
        let mut path = self.path_of(&parent)?;
        path.push(name);
        Some(path)
    }

    pub(super) fn module(&self, path: &[String]) -> Option<Rc<Module>> {
        if let Some(known) = self.modules.borrow().get(path) {
            return known.clone();
        }
        let module = self.load(path).map(Rc::new);
        self.modules
            .borrow_mut()
            .insert(path.to_vec(), module.clone());
        module
    }

    fn load(&self, path: &[String]) -> Option<Module> {
        let Some((name, parent)) = path.split_last() else {
            let items = self.read(&self.root)?;
            return Some(Module::new(Vec::new(), &self.root, &items));
        };
        let above = self.module(parent)?;
        match &**above.modules.get(name)? {
            Inner::Inline(items) => Some(Module::new(path.to_vec(), &self.file_of(path)?, items)),
            Inner::File => {
                let file = self.file_of(path)?;
                let items = self.read(&file)?;
                Some(Module::new(path.to_vec(), &file, &items))
            }
        }
    }

    /// The file that holds a module's items.
    fn file_of(&self, path: &[String]) -> Option<PathBuf> {
        let Some((name, parent)) = path.split_last() else {
            return Some(self.root.clone());
        };
        let above = self.module(parent)?;
        if matches!(&**above.modules.get(name)?, Inner::Inline(_)) {
            return self.file_of(parent);
        }
        let base = self.root.parent()?;
        // The modules of `tests/a.rs` or `src/bin/a.rs` lie beside it.
        let dir = parent
            .iter()
            .fold(base.to_owned(), |dir, part| dir.join(part));
        let flat = dir.join(format!("{name}.rs"));
        let nested = dir.join(name).join("mod.rs");
        [flat, nested].into_iter().find(|path| path.is_file())
    }

    /// What a path means: from `crate` for the crate's own, as it is for another's.
    pub(super) fn resolve(&self, module: &Module, path: &[String]) -> Option<Vec<String>> {
        let found = self.resolve_in(module, path, 0)?;
        Some(self.handed_through(&found, 0).unwrap_or(found))
    }

    /// What is behind a path of a module that hands it through: `pub use inner::kick;`
    fn handed_through(&self, path: &[String], depth: usize) -> Option<Vec<String>> {
        const DEEPEST: usize = 8;
        let (krate, path) = path.split_first()?;
        let (name, parent) = path.split_last()?;
        if krate != "crate" || depth > DEEPEST {
            return None;
        }
        let module = self.module(parent)?;
        let target = (!module.has(name) && module.imports(name))
            .then(|| self.resolve_in(&module, std::slice::from_ref(name), 0))??;
        Some(self.handed_through(&target, depth + 1).unwrap_or(target))
    }

    fn resolve_in(&self, module: &Module, path: &[String], depth: usize) -> Option<Vec<String>> {
        const DEEPEST: usize = 8;
        if depth > DEEPEST {
            return None;
        }
        let (first, rest) = path.split_first()?;
        let local = |at: &[String], rest: &[String]| {
            let own = std::iter::once("crate".to_owned());
            Some(
                own.chain(at.iter().cloned())
                    .chain(rest.iter().cloned())
                    .collect(),
            )
        };
        match first.as_str() {
            "" => return Some(rest.to_vec()),
            "crate" => return Some(path.to_vec()),
            "self" => return self.resolve_in(module, rest, depth + 1),
            "super" => {
                let (_, above) = module.path.split_last()?;
                let above = self.module(above)?;
                return if rest.is_empty() {
                    local(&above.path, &[])
                } else {
                    self.resolve_in(&above, rest, depth + 1)
                };
            }
            _ => {}
        }
        let alias = module.uses.iter().find(|(name, _)| name == first);
        if let Some((_, target)) = alias {
            let whole: Vec<_> = target.iter().chain(rest).cloned().collect();
            // `use tokio::task;` and the like name crates, never themselves again.
            if target.first() == Some(first) {
                return Some(whole);
            }
            return self.resolve_in(module, &whole, depth + 1);
        }
        if module.has(first) {
            return local(&module.path, path);
        }
        for glob in &module.globs {
            // What a glob begins with is no other glob's.
            let from = match glob.split_first() {
                Some((first, _)) if module.knows(first) => self.resolve_in(module, glob, depth + 1),
                _ => Some(glob.clone()),
            };
            let Some(from) = from else { continue };
            let whole: Vec<_> = from.iter().chain(path).cloned().collect();
            let known = if from.first().is_some_and(|first| first == "crate") {
                self.module(&from[1..]).is_some_and(|module| {
                    module.has(first) || module.uses.iter().any(|(n, _)| n == first)
                })
            } else {
                super::spawners::function(&whole.join("::")).is_some()
                    || super::spawners::SPAWN_TRAITS.contains(&whole.join("::").as_str())
            };
            if known {
                return Some(whole);
            }
        }
        Some(path.to_vec())
    }

    /// The function behind an absolute path.
    pub(super) fn function(&self, path: &[String]) -> Option<Rc<Function>> {
        let path = path.strip_prefix(&["crate".to_owned()][..])?;
        let (name, parent) = path.split_last()?;
        if let Some(module) = self.module(parent)
            && let Some(function) = module.functions.get(name)
        {
            return Some(function.clone());
        }
        let (ty, parent) = parent.split_last()?;
        self.method(&self.module(parent)?.path.clone(), ty, name)
    }

    /// A method or associated function of a type of the module, or of one that it imports.
    pub(super) fn method(&self, module: &[String], ty: &str, name: &str) -> Option<Rc<Function>> {
        let module = self.module(module)?;
        let key = (ty.to_owned(), name.to_owned());
        if let Some(method) = module.methods.get(&key) {
            return Some(method.clone());
        }
        let target = self.resolve(&module, &[ty.to_owned()])?;
        let target = target.strip_prefix(&["crate".to_owned()][..])?;
        let (ty, parent) = target.split_last()?;
        let module = self.module(parent)?;
        module.methods.get(&(ty.clone(), name.to_owned())).cloned()
    }

    /// The written type of a field.
    pub(super) fn field_type(&self, module: &[String], ty: &str, field: &str) -> Option<Type> {
        let module = self.module(module)?;
        module
            .fields
            .get(&(ty.to_owned(), field.to_owned()))
            .cloned()
    }

    /// The name of that type.
    pub(super) fn field(&self, module: &[String], ty: &str, field: &str) -> Option<String> {
        type_name(&self.field_type(module, ty, field)?)
    }

    /// A struct or an enum of the crate that is no future, by its absolute path: its path from the
    /// root.
    pub(super) fn own_type(&self, path: &[String]) -> Option<Vec<String>> {
        let path = path.strip_prefix(&["crate".to_owned()][..])?;
        let (name, parent) = path.split_last()?;
        let is_own = self.module(parent)?.types.contains(name) && !self.futures.contains(name);
        is_own.then(|| path.to_vec())
    }
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>, depth: usize) {
    let Ok(entries) = fs::read_dir(dir) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() && depth < 8 {
            collect(&path, files, depth + 1);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !files.contains(&path)
        {
            files.push(path);
        }
    }
}

fn inline_modules(items: &[Item], path: &mut Vec<String>, found: &mut InlineModules) {
    for item in items {
        if let Item::Mod(ItemMod {
            ident,
            content: Some((brace, items)),
            ..
        }) = item
        {
            path.push(ident.to_string());
            found.push((
                brace.span.open().start().line,
                brace.span.close().end().line,
                path.clone(),
            ));
            inline_modules(items, path, found);
            path.pop();
        }
    }
}

impl Module {
    fn new(path: ModulePath, file: &Path, items: &[Item]) -> Self {
        let mut module = Self {
            path,
            ..Self::default()
        };
        for item in items {
            module.add(item, file);
        }
        module
    }

    fn add(&mut self, item: &Item, file: &Path) {
        match item {
            Item::Use(item) => {
                let mut prefix = Vec::new();
                if item.leading_colon.is_some() {
                    prefix.push(String::new());
                }
                imports(&item.tree, &mut prefix, &mut self.uses, &mut self.globs);
            }
            Item::Fn(item) => {
                let name = item.sig.ident.to_string();
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
                self.impls.push((
                    span.open().start().line,
                    span.close().end().line,
                    ty.clone(),
                ));
                if is_conditional(&item.attrs) {
                    return;
                }
                let guarded = has_guard(&item.attrs);
                for method in &item.items {
                    if let ImplItem::Fn(method) = method
                        && !is_conditional(&method.attrs)
                    {
                        let mut attrs = method.attrs.clone();
                        if guarded {
                            attrs.extend(item.attrs.iter().cloned());
                        }
                        let name = method.sig.ident.to_string();
                        let function = self.function(
                            Some(ty.clone()),
                            &attrs,
                            &method.sig,
                            &method.block,
                            file,
                        );
                        self.methods.insert((ty.clone(), name), function);
                    }
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
                self.types.push(name.clone());
                self.others.push(name);
            }
            Item::Mod(item) => {
                let name = item.ident.to_string();
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
                self.types.push(item.ident.to_string());
                self.others.push(item.ident.to_string());
            }
            Item::Trait(item) => self.others.push(item.ident.to_string()),
            Item::Type(item) => self.others.push(item.ident.to_string()),
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

    fn function(
        &self,
        self_type: Option<String>,
        attrs: &[Attribute],
        sig: &Signature,
        block: &syn::Block,
        file: &Path,
    ) -> Rc<Function> {
        let mut path: Vec<_> = self.path.clone();
        path.extend(self_type.clone());
        path.push(sig.ident.to_string());
        Rc::new(Function {
            path: path.join("::"),
            module: self.path.clone(),
            self_type,
            sig: sig.clone(),
            block: block.clone(),
            guarded: has_guard(attrs),
            file: file.to_owned(),
        })
    }

    fn knows(&self, first: &str) -> bool {
        matches!(first, "" | "crate" | "self" | "super") || self.imports(first) || self.has(first)
    }

    fn has(&self, name: &str) -> bool {
        self.others.iter().any(|other| other == name)
    }

    /// Whether a macro of this name is the module's own, and then whether it is one expression.
    pub(super) fn own_macro(&self, name: &str) -> Option<bool> {
        self.macros.get(name).copied()
    }

    pub(super) fn imports(&self, name: &str) -> bool {
        self.uses.iter().any(|(alias, _)| alias == name)
    }

    /// Every import, with the name it has here.
    pub(super) fn imported(&self) -> impl Iterator<Item = &[String]> {
        self.uses.iter().map(|(_, target)| &**target)
    }

    pub(super) fn globs(&self) -> impl Iterator<Item = &[String]> {
        self.globs.iter().map(|glob| &**glob)
    }

    /// The type of the `impl` that a line stands in.
    pub(super) fn self_type_at(&self, line: usize) -> Option<String> {
        let mut around = self
            .impls
            .iter()
            .filter(|(first, last, _)| (*first..=*last).contains(&line));
        around.next().map(|(_, _, ty)| ty.clone())
    }
}

pub(super) fn imports(
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
pub(super) fn is_expression(rules: TokenStream) -> bool {
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

pub(super) fn is_conditional(attrs: &[Attribute]) -> bool {
    attrs
        .iter()
        .any(|attr| attr.path().is_ident("cfg") || attr.path().is_ident("test"))
}

/// The name of a type, through references and the usual smart pointers.
pub(super) fn type_name(ty: &Type) -> Option<String> {
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

/// Where a node begins, as `line:column`, the column from one as rustc counts.
pub(super) fn place(file: &Path, at: proc_macro2::Span) -> String {
    let at = at.start();
    format!("{}:{}:{}", shown(file), at.line, at.column + 1)
}

/// A path as rustc shows it: from the package's folder.
fn shown(file: &Path) -> String {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let short = package
        .as_deref()
        .and_then(|package| file.strip_prefix(package).ok());
    short.unwrap_or(file).display().to_string()
}
