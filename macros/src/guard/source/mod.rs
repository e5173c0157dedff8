//! The crate's source as far as it was asked for: modules, what they import, and their functions.
//!
//! Everything is read with the fallback tokens of `proc_macro2` and leaves as text, so that no
//! token of it meets one of the compiler's. Files are read once in a process and again when one has
//! another time or length, for a language server that lives long.

mod lookup;
mod module;
mod outline;
mod tokens;

use std::{
    cell::RefCell,
    collections::HashMap,
    fs,
    path::{Path, PathBuf},
    rc::Rc,
    time::SystemTime,
};

use syn::{Item, ItemMod};

pub(crate) use self::module::has_guard;
pub(super) use self::module::{
    Function, Module, imports, is_conditional, is_expression, type_name,
};
use self::{
    module::Inner,
    outline::{Bodies, Outline},
};
use super::spawners::WORDS;

/// A path from the crate's root.
pub(super) type ModulePath = Vec<String>;

/// One crate, read module by module.
pub(super) struct Source {
    root: PathBuf,
    stamps: Vec<(PathBuf, Stamp)>,
    modules: RefCell<HashMap<ModulePath, Option<Rc<Module>>>>,
    files: RefCell<HashMap<PathBuf, Rc<File>>>,
    /// What functions are known to detach.
    detached: RefCell<HashMap<String, Option<String>>>,
    names_spawners: bool,
    /// Types that implement `Future` or `IntoFuture` somewhere; an empty name stands for a macro's.
    futures: Vec<String>,
    /// Names of `async fn`s, those of traits included.
    async_functions: Vec<String>,
}

type Stamp = Option<(SystemTime, u64)>;

/// What is known of a file besides its items.
struct File {
    path: PathBuf,
    bodies: Bodies,
    inline: InlineModules,
}

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
        let (mut futures, mut async_functions) = (Vec::new(), Vec::new());
        for text in files
            .iter()
            .filter_map(|file| fs::read_to_string(file).ok())
        {
            names_spawners |= WORDS.iter().any(|word| text.contains(word));
            futures.extend(implementors(&text));
            let functions = text.split("async fn ").skip(1);
            async_functions.extend(functions.map(|rest| name_at(rest).to_owned()));
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
            files: RefCell::default(),
            detached: RefCell::default(),
            names_spawners,
            futures,
            async_functions,
        }
    }

    /// Whether any file has a word of a spawner in it. Most crates need not be parsed to know.
    pub(super) fn names_spawners(&self) -> bool {
        self.names_spawners
    }

    fn may_be_future(&self, ty: &str) -> bool {
        self.futures
            .iter()
            .any(|name| name.is_empty() || name == ty)
    }

    /// Whether any `async fn` of the crate has the name.
    pub(super) fn has_async(&self, name: &str) -> bool {
        self.async_functions.iter().any(|known| known == name)
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

    /// The module that a file is.
    fn read(&self, path: &[String], file: &Path) -> Option<Module> {
        let outline = Outline::of(&fs::read_to_string(file).ok()?);
        let items = syn::parse_file(&outline.text).ok()?.items;
        let mut inline = Vec::new();
        inline_modules(&items, &mut Vec::new(), &mut inline);
        let known = Rc::new(File {
            path: file.to_owned(),
            bodies: outline.bodies,
            inline,
        });
        self.files
            .borrow_mut()
            .insert(file.to_owned(), known.clone());
        Some(Module::new(path.to_vec(), &known, &items))
    }

    /// The module that line `line` of `file` stands in.
    pub(super) fn module_at(&self, file: &Path, line: usize) -> Option<Rc<Module>> {
        let mut path = self.path_of(file)?;
        self.module(&path)?;
        let known = self.files.borrow().get(file)?.clone();
        let inline = known.inline.iter();
        let within = inline.filter(|(first, last, _)| (*first..=*last).contains(&line));
        if let Some((_, _, inner)) = within.max_by_key(|(_, _, inner)| inner.len()) {
            path.extend(inner.iter().cloned());
        }
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
            return self.read(path, &self.root);
        };
        let above = self.module(parent)?;
        match &**above.modules.get(name)? {
            Inner::Inline(items) => {
                let file = self.file_of(path)?;
                let known = self.files.borrow().get(&file)?.clone();
                Some(Module::new(path.to_vec(), &known, items))
            }
            Inner::File => self.read(path, &self.file_of(path)?),
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
}

/// The types after `Future for`, however the lines are broken.
fn implementors(text: &str) -> impl Iterator<Item = String> {
    let found = text.match_indices("Future");
    found.filter_map(|(at, found)| {
        let rest = text[at + found.len()..].trim_start();
        let rest = rest.strip_prefix("for")?;
        let path = rest.strip_prefix(char::is_whitespace)?.trim_start();
        let name = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        let path = path.split(|c| !name(c)).next()?;
        path.rsplit("::").next().map(str::to_owned)
    })
}

fn name_at(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
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
