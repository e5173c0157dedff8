//! What a path means, and what stands behind it.

use std::rc::Rc;

use syn::Type;

use super::{Function, Module, Source};
use crate::guard::spawners;

impl Source {
    /// What a path means: from `crate` for the crate's own, as it is for another's.
    pub(in crate::guard) fn resolve(
        &self,
        module: &Module,
        path: &[String],
    ) -> Option<Vec<String>> {
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
        if module.unclear.contains(first) {
            return None;
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
                let from = self.module(&from[1..]);
                from.is_some_and(|from| from.shows(first, module))
            } else {
                spawners::function(&whole.join("::")).is_some()
                    || spawners::SPAWN_TRAITS.contains(&whole.join("::").as_str())
            };
            if known {
                return Some(whole);
            }
        }
        Some(path.to_vec())
    }

    /// The function behind an absolute path.
    pub(in crate::guard) fn function(&self, path: &[String]) -> Option<Rc<Function>> {
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
    pub(in crate::guard) fn method(
        &self,
        module: &[String],
        ty: &str,
        name: &str,
    ) -> Option<Rc<Function>> {
        let module = self.module(module)?;
        if let Some(method) = module.method(ty, name) {
            return Some(method.clone());
        }
        let target = self.resolve(&module, &[ty.to_owned()])?;
        let target = target.strip_prefix(&["crate".to_owned()][..])?;
        let (ty, parent) = target.split_last()?;
        self.module(parent)?.method(ty, name).cloned()
    }

    /// The written type of a field.
    pub(in crate::guard) fn field_type(
        &self,
        module: &[String],
        ty: &str,
        field: &str,
    ) -> Option<Type> {
        let module = self.module(module)?;
        module
            .fields
            .get(&(ty.to_owned(), field.to_owned()))
            .cloned()
    }

    /// A struct or an enum of the crate that is no future, by its absolute path: its path from the
    /// root.
    pub(in crate::guard) fn own_type(&self, path: &[String]) -> Option<Vec<String>> {
        let path = path.strip_prefix(&["crate".to_owned()][..])?;
        let (name, parent) = path.split_last()?;
        let module = self.module(parent)?;
        let is_own = module.types.contains(name) && !module.unclear.contains(name);
        (is_own && !self.may_be_future(name)).then(|| path.to_vec())
    }

    /// Whether a path is an alias of the crate's own, and of what.
    pub(in crate::guard) fn alias(&self, path: &[String]) -> Option<String> {
        let path = path.strip_prefix(&["crate".to_owned()][..])?;
        let (name, parent) = path.split_last()?;
        self.module(parent)?.aliases.get(name).cloned()
    }
}
