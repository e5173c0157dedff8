//! Where a body stands: what its names mean there.

use std::{
    cell::OnceCell,
    path::{Path, PathBuf},
    rc::Rc,
};

use proc_macro2::fallback;
use syn::{Block, Item, Stmt};

use super::{
    source::{self, Function, Module, Source},
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

impl Home {
    pub(super) fn of(at: Option<(PathBuf, usize)>, block: &Block) -> Self {
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
        home.add(block);
        home
    }

    /// Of a function that was found in the source; fallback tokens are in force already.
    pub(super) fn of_function(source: &Rc<Source>, function: &Function) -> Self {
        let mut home = Self::of(None, &function.block);
        let module = source.module(&function.module);
        home.found = OnceCell::from(module.map(|module| (source.clone(), module)));
        home.self_type.clone_from(&function.self_type);
        home
    }

    fn add(&mut self, block: &Block) {
        for stmt in &block.stmts {
            match stmt {
                Stmt::Item(Item::Use(item)) => {
                    let mut prefix = Vec::new();
                    source::imports(&item.tree, &mut prefix, &mut self.uses, &mut self.globs);
                }
                Stmt::Item(Item::Macro(item)) => {
                    if let Some(name) = &item.ident {
                        let is_expression = source::is_expression(item.mac.tokens.clone());
                        self.macros.push((name.to_string(), is_expression));
                    }
                }
                Stmt::Item(Item::Fn(item)) => self.items.push(item.sig.ident.to_string()),
                Stmt::Item(Item::Mod(item)) => self.items.push(item.ident.to_string()),
                Stmt::Item(Item::Struct(item)) => self.items.push(item.ident.to_string()),
                Stmt::Item(Item::Enum(item)) => self.items.push(item.ident.to_string()),
                Stmt::Item(Item::Const(item)) => self.items.push(item.ident.to_string()),
                Stmt::Item(Item::Static(item)) => self.items.push(item.ident.to_string()),
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
        if self.items.contains(first) {
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

    /// A method of a type that is written somewhere.
    pub(super) fn method(&self, ty: &str, name: &str) -> Option<(Rc<Source>, Rc<Function>)> {
        if !self.names_spawners() {
            return None;
        }
        let (source, module) = self.found()?;
        let method =
            in_fallback_unless(self.at.is_none(), || source.method(&module.path, ty, name))?;
        Some((source.clone(), method))
    }

    pub(super) fn field(&self, ty: &str, field: &str) -> Option<String> {
        let (source, module) = self.found()?;
        in_fallback_unless(self.at.is_none(), || source.field(&module.path, ty, field))
    }

    pub(super) fn self_type(&self) -> Option<String> {
        if self.self_type.is_some() {
            return self.self_type.clone();
        }
        let (_, line) = self.at.as_ref()?;
        let (_, module) = self.found()?;
        module.self_type_at(*line)
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
