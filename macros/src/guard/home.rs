//! Where a body stands: what its names mean there.

use std::{
    cell::OnceCell,
    path::{Path, PathBuf},
    rc::Rc,
};

use proc_macro2::fallback;
use syn::{Block, Item, Pat, Signature, Stmt, Type, visit_mut::VisitMut};

use super::{
    source::{self, Function, Module, Source, is_conditional},
    spawners::{self, ENDS, SPAWN_TRAITS, Spawner},
};

pub(super) struct Home {
    /// The file and the line of the function, where the compiler tells.
    at: Option<(PathBuf, usize)>,
    source: OnceCell<Rc<Source>>,
    found: OnceCell<Option<(Rc<Source>, Rc<Module>)>>,
    self_type: Option<String>,
    uses: Vec<(String, Vec<String>)>,
    globs: Vec<Vec<String>>,
    /// Items of the body, which shadow what is outside.
    items: Vec<String>,
    macros: Vec<(String, bool)>,
}

/// Fallback tokens for what `read` reads; see `source`.
fn in_fallback<T>(read: impl FnOnce() -> T) -> T {
    fallback::force();
    let read = read();
    fallback::unforce();
    read
}

/// The names that inner blocks give to their own: what they mean there is not known here.
struct Nested<'a>(&'a mut Vec<String>, usize);

impl VisitMut for Nested<'_> {
    fn visit_block_mut(&mut self, block: &mut Block) {
        self.1 += 1;
        for stmt in &mut block.stmts {
            match stmt {
                Stmt::Item(item) if self.1 > 1 => self.0.extend(names_in(item)),
                Stmt::Item(_) => {}
                stmt => self.visit_stmt_mut(stmt),
            }
        }
        self.1 -= 1;
    }
    fn visit_pat_mut(&mut self, _: &mut Pat) {}
    fn visit_type_mut(&mut self, _: &mut Type) {}
    fn visit_path_mut(&mut self, _: &mut syn::Path) {}
}

fn names_in(item: &Item) -> Vec<String> {
    let ident = match item {
        Item::Use(item) => {
            let (mut uses, mut globs) = (Vec::new(), Vec::new());
            source::imports(&item.tree, &mut Vec::new(), &mut uses, &mut globs);
            return uses.into_iter().map(|(name, _)| name).collect();
        }
        Item::Fn(item) => &item.sig.ident,
        Item::Mod(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Const(item) => &item.ident,
        Item::Static(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        _ => return Vec::new(),
    };
    vec![ident.to_string()]
}

impl Home {
    pub(super) fn of(at: Option<(PathBuf, usize)>, sig: &Signature, block: &mut Block) -> Self {
        let mut home = Self {
            at,
            source: OnceCell::new(),
            found: OnceCell::new(),
            self_type: None,
            uses: Vec::new(),
            globs: Vec::new(),
            items: Vec::new(),
            macros: Vec::new(),
        };
        let generics = sig.generics.type_params();
        home.items
            .extend(generics.map(|param| param.ident.to_string()));
        home.add(block);
        Nested(&mut home.items, 0).visit_block_mut(block);
        home
    }

    /// Of a function that was found in the source; fallback tokens are in force already.
    pub(super) fn of_function(source: &Rc<Source>, function: &Function, block: &mut Block) -> Self {
        let mut home = Self::of(None, &function.sig, block);
        let module = source.module(&function.module);
        home.found = OnceCell::from(module.map(|module| (source.clone(), module)));
        home.self_type.clone_from(&function.self_type);
        home
    }

    fn add(&mut self, block: &Block) {
        for stmt in &block.stmts {
            match stmt {
                Stmt::Item(Item::Use(item)) if !is_conditional(&item.attrs) => {
                    let mut prefix = Vec::new();
                    source::imports(&item.tree, &mut prefix, &mut self.uses, &mut self.globs);
                }
                Stmt::Item(Item::Macro(item)) => {
                    if let Some(name) = &item.ident {
                        let is_expression = source::is_expression(item.mac.tokens.clone());
                        self.macros.push((name.to_string(), is_expression));
                    }
                }
                Stmt::Item(item) => self.items.extend(names_in(item)),
                _ => {}
            }
        }
    }

    /// The crate's source, read when it is first asked for.
    fn found(&self) -> Option<&(Rc<Source>, Rc<Module>)> {
        let found = self.found.get_or_init(|| {
            let (file, line) = self.at.as_ref()?;
            in_fallback(|| {
                let source = self.source(file);
                let module = source.module_at(file, *line)?;
                Some((source, module))
            })
        });
        found.as_ref()
    }

    /// Asked for once in a function: whether it is still fresh is a question to the file system.
    fn source(&self, file: &Path) -> Rc<Source> {
        self.source.get_or_init(|| source::of(file)).clone()
    }

    fn names_spawners(&self) -> bool {
        match &self.at {
            Some((file, _)) => self.source(file).names_spawners(),
            None => true,
        }
    }

    /// What a path means: another crate's from its name, the crate's own from `crate`, as far as
    /// the source tells.
    pub(super) fn resolve(&self, path: &syn::Path) -> Option<Vec<String>> {
        let mut names = names_of(path);
        if path.leading_colon.is_some() {
            return Some(names);
        }
        let first = names.first()?;
        if self.items.contains(first) || self.is_generic(first) {
            return None;
        }
        let mut by_body = false;
        if let Some((_, target)) = self.uses.iter().find(|(name, _)| name == first) {
            names = target
                .iter()
                .cloned()
                .chain(names.into_iter().skip(1))
                .collect();
            by_body = true;
        } else if names.len() == 1 {
            for glob in &self.globs {
                let whole: Vec<_> = glob.iter().cloned().chain(names.iter().cloned()).collect();
                if spawners::function(&whole.join("::")).is_some() {
                    names = whole;
                    by_body = true;
                    break;
                }
            }
        }
        if names[0] == "Self" {
            names[0] = self.self_type()?;
        }
        let Some((source, module)) = self.found() else {
            return by_body.then_some(names);
        };
        in_fallback_unless(self.at.is_none(), || source.resolve(module, &names))
    }

    pub(super) fn spawner(&self, path: &syn::Path) -> Option<&'static Spawner> {
        if !self.names_spawners() {
            return None;
        }
        spawners::function(&self.resolve(path)?.join("::"))
    }

    /// `drop` and `forget`, by whatever name.
    pub(super) fn is_end(&self, path: &syn::Path) -> bool {
        let last = path.segments.last().map(|last| last.ident.to_string());
        if !matches!(last.as_deref(), Some("drop" | "forget")) {
            return false;
        }
        if path.segments.len() == 1 && last.as_deref() == Some("drop") {
            // The prelude's, unless something says otherwise.
            return match self.resolve(path) {
                Some(path) => ENDS.contains(&path.join("::").as_str()),
                None => !self.items.iter().any(|item| item == "drop"),
            };
        }
        match self.resolve(path) {
            Some(path) => ENDS.contains(&path.join("::").as_str()),
            None => ENDS.contains(&names_of(path).join("::").as_str()),
        }
    }

    /// What the crate's source tells, where it can be read.
    pub(super) fn with_source<T>(&self, ask: impl FnOnce(&Source) -> Option<T>) -> Option<T> {
        let (source, _) = self.found()?;
        in_fallback_unless(self.at.is_none(), || ask(source))
    }

    /// A function of the crate, called by a path.
    pub(super) fn function(&self, path: &syn::Path) -> Option<(Rc<Source>, Rc<Function>)> {
        if !self.names_spawners() {
            return None;
        }
        let resolved = self.resolve(path)?;
        if resolved.first().is_none_or(|first| first != "crate") {
            return None;
        }
        let (source, _) = self.found()?;
        let function = in_fallback_unless(self.at.is_none(), || source.function(&resolved))?;
        Some((source.clone(), function))
    }

    /// A method of a type of the crate, by the type's path from the root.
    pub(super) fn method(&self, ty: &[String], name: &str) -> Option<(Rc<Source>, Rc<Function>)> {
        let (ty, module) = ty.split_last()?;
        let (source, _) = self.found()?;
        let method = in_fallback_unless(self.at.is_none(), || source.method(module, ty, name))?;
        Some((source.clone(), method))
    }

    pub(super) fn self_type(&self) -> Option<String> {
        if self.self_type.is_some() {
            return self.self_type.clone();
        }
        let (_, line) = self.at.as_ref()?;
        let (_, module) = self.found()?;
        module.impl_at(*line).map(|(ty, _)| ty.to_owned())
    }

    /// Whether the `impl` around has a generic type of this name.
    fn is_generic(&self, name: &str) -> bool {
        let Some((_, line)) = self.at.as_ref() else {
            return false;
        };
        let around = self.found().and_then(|(_, module)| module.impl_at(*line));
        around.is_some_and(|(_, generics)| generics.iter().any(|generic| generic == name))
    }

    /// Whether a bare macro name is the crate's own, and then whether it is one expression.
    pub(super) fn own_macro(&self, name: &str) -> Option<bool> {
        if let Some((_, is_expression)) = self.macros.iter().find(|(own, _)| own == name) {
            return Some(*is_expression);
        }
        self.found()?.1.own_macro(name)
    }

    /// Whether a bare macro name was imported from one of `crates`.
    pub(super) fn imports_macro(&self, name: &str, crates: &[&str]) -> bool {
        let names = |uses: &[(String, Vec<String>)]| {
            uses.iter()
                .any(|(alias, path)| alias == name && crates.contains(&path[0].as_str()))
        };
        if names(&self.uses) {
            return true;
        }
        let Some((source, module)) = self.found() else {
            return false;
        };
        if !module.imports(name) {
            return false;
        }
        let path = in_fallback_unless(self.at.is_none(), || {
            source.resolve(module, &[name.to_owned()])
        });
        path.is_some_and(|path| crates.contains(&path[0].as_str()))
    }

    /// Whether `futures`' extension traits for spawning are in scope.
    pub(super) fn imports_spawn_trait(&self) -> bool {
        let is_one = |path: &[String]| SPAWN_TRAITS.contains(&path.join("::").as_str());
        let by_glob = |glob: &[String]| {
            SPAWN_TRAITS.iter().any(|of| {
                of.rsplit_once("::")
                    .is_some_and(|(module, _)| module == glob.join("::"))
            })
        };
        if self.uses.iter().any(|(_, path)| is_one(path))
            || self.globs.iter().any(|glob| by_glob(glob))
        {
            return true;
        }
        if !self.names_spawners() {
            return false;
        }
        self.found()
            .is_some_and(|(_, module)| module.imported().any(is_one) || module.globs().any(by_glob))
    }
}

fn in_fallback_unless<T>(already: bool, read: impl FnOnce() -> T) -> T {
    if already { read() } else { in_fallback(read) }
}

/// The names of a path, without its generic arguments.
pub(super) fn names_of(path: &syn::Path) -> Vec<String> {
    let names = path.segments.iter();
    names.map(|segment| segment.ident.to_string()).collect()
}
