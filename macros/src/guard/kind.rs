//! What the source alone tells of a value: where that is enough, the compiler need not be asked.
//!
//! A wrong "unknown" costs a question, so only what is sure is known.

use std::rc::Rc;

use syn::{Expr, ExprCall, ExprMethodCall, GenericArgument, Pat, PathArguments, Type};

use super::{
    home::{Home, names_of},
    names::Names,
    shape::may_be_work,
    source::{Function, Source},
};

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Numbers, text, times, and what holds only those.
    Plain,
    /// A struct or an enum of the crate that is no future, by its path from the root.
    Own(Vec<String>),
    /// Holds or yields those: an `Option`, a `Result`, a `Vec`, an iterator.
    Of(Rc<Kind>),
    /// No work, and nothing else is known.
    Other,
    /// A future of that.
    Future(Rc<Kind>),
}

impl Kind {
    /// Whether it may be dropped and forgotten.
    pub(super) fn is_idle(&self) -> bool {
        match self {
            Self::Future(_) => false,
            Self::Of(inner) => inner.is_idle(),
            Self::Plain | Self::Own(_) | Self::Other => true,
        }
    }

    fn of(self) -> Self {
        match self {
            Self::Plain => Self::Plain,
            inner => Self::Of(Rc::new(inner)),
        }
    }

    pub(super) fn inner(self) -> Option<Self> {
        match self {
            Self::Plain => Some(Self::Plain),
            Self::Of(inner) => Some((*inner).clone()),
            _ => None,
        }
    }
}

const PLAIN: &[&str] = &[
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
    "f32",
    "f64",
    "bool",
    "char",
    "str",
    "String",
    "Duration",
    "Instant",
    "SystemTime",
    "Path",
    "PathBuf",
    "OsStr",
    "OsString",
    "Ordering",
];
/// What makes a plain value of its type's own: a trait may give it others.
const MAKES: &[&str] = &[
    "new",
    "from",
    "now",
    "with_capacity",
    "default",
    "from_secs",
    "from_millis",
    "from_secs_f64",
    "from_utf8",
    "from_utf8_lossy",
    "from_str",
];
const HOLDERS: &[&str] = &["Option", "Vec", "VecDeque", "HashSet", "BTreeSet"];
const POINTERS: &[&str] = &["Box", "Arc", "Rc", "Cow"];
const MAPS: &[&str] = &["HashMap", "BTreeMap"];

/// What a path is.
enum Resolved {
    /// The crate's own, or nobody knows whose; its kind, where that is known.
    Own(Option<Kind>),
    /// To be judged by its name.
    Elsewhere,
}

impl Resolved {
    fn of(source: &Source, path: Option<Vec<String>>) -> Self {
        match path {
            // `type Result<T> = …::Result<T, Error>`
            Some(path) if source.alias(&path).is_some_and(|target| target == "Result") => {
                Self::Elsewhere
            }
            Some(path) if path[0] == "crate" || path[0] == "Self" => {
                Self::Own(source.own_type(&path).map(Kind::Own))
            }
            Some(_) => Self::Elsewhere,
            None => Self::Own(None),
        }
    }
}

/// What `resolve` makes of a type that is written.
fn of_type(ty: &Type, resolve: &dyn Fn(&syn::Path) -> Resolved) -> Option<Kind> {
    match ty {
        Type::Reference(reference) => of_type(&reference.elem, resolve),
        Type::Paren(paren) => of_type(&paren.elem, resolve),
        Type::Group(group) => of_type(&group.elem, resolve),
        Type::Slice(slice) => of_type(&slice.elem, resolve).map(Kind::of),
        Type::Array(array) => of_type(&array.elem, resolve).map(Kind::of),
        Type::Never(_) => Some(Kind::Plain),
        Type::Tuple(tuple) => {
            let mut kinds = tuple.elems.iter().map(|ty| of_type(ty, resolve));
            joined(&mut kinds)
        }
        Type::Path(path) if path.qself.is_none() => {
            if let Resolved::Own(own) = resolve(&path.path) {
                return own;
            }
            let last = path.path.segments.last()?;
            let is = |names: &[&str]| names.iter().any(|name| last.ident == name);
            let argument = |at: usize| match &last.arguments {
                PathArguments::AngleBracketed(arguments) => {
                    let types = arguments.args.iter().filter_map(|argument| match argument {
                        GenericArgument::Type(ty) => Some(ty),
                        _ => None,
                    });
                    types.clone().nth(at).and_then(|ty| of_type(ty, resolve))
                }
                _ => None,
            };
            match () {
                () if is(PLAIN) => Some(Kind::Plain),
                () if last.ident == "Result" || is(HOLDERS) => argument(0).map(Kind::of),
                () if is(POINTERS) => argument(0),
                () if is(MAPS) => match (argument(0)?, argument(1)?) {
                    (Kind::Plain, value) => Some(value.of()),
                    _ => Some(Kind::Other),
                },
                () => None,
            }
        }
        _ => None,
    }
}

/// Several values together.
fn joined(kinds: &mut dyn Iterator<Item = Option<Kind>>) -> Option<Kind> {
    let mut all = Kind::Plain;
    for kind in kinds {
        let kind = kind.filter(Kind::is_idle)?;
        if kind != Kind::Plain {
            all = Kind::Other;
        }
    }
    Some(all)
}

/// What a function of the crate returns.
fn returned(source: &Source, function: &Function) -> Option<Kind> {
    let value = match &function.sig.output {
        syn::ReturnType::Default => Some(Kind::Plain),
        syn::ReturnType::Type(_, ty) => {
            let generic = |name: &syn::Ident| {
                function
                    .sig
                    .generics
                    .type_params()
                    .any(|param| param.ident == *name)
            };
            of_type(ty, &|path| {
                let mut names = names_of(path);
                if path.get_ident().is_some_and(generic) {
                    return Resolved::Own(None);
                }
                if path.is_ident("Self")
                    && let Some(own) = &function.self_type
                {
                    names[0].clone_from(own);
                }
                resolved(source, &function.module, &names)
            })
        }
    }?;
    Some(match function.sig.asyncness {
        Some(_) => Kind::Future(Rc::new(value)),
        None => value,
    })
}

fn resolved(source: &Source, module: &[String], path: &[String]) -> Resolved {
    let module = source.module(module);
    Resolved::of(
        source,
        module.and_then(|module| source.resolve(&module, path)),
    )
}

/// A body's names, and what is known of them.
pub(super) struct Kinds<'a> {
    pub(super) home: &'a Home,
    pub(super) names: &'a Names,
}

impl Kinds<'_> {
    pub(super) fn of_type(&self, ty: &Type) -> Option<Kind> {
        of_type(ty, &|path| {
            let path = self.home.resolve(path);
            let found = self
                .home
                .with_source(|source| Some(Resolved::of(source, path)));
            found.unwrap_or(Resolved::Own(None))
        })
    }

    fn own(&self, path: &syn::Path) -> Option<Kind> {
        let resolved = self.home.resolve(path)?;
        self.home
            .with_source(|source| source.own_type(&resolved))
            .map(Kind::Own)
    }

    /// A method of the crate's own that is called on something.
    pub(super) fn own_method(
        &self,
        receiver: &Expr,
        name: &str,
    ) -> Option<(Rc<Source>, Rc<Function>)> {
        let Kind::Own(path) = self.of(receiver)? else {
            return None;
        };
        self.home.method(&path, name)
    }

    pub(super) fn of(&self, expr: &Expr) -> Option<Kind> {
        match expr {
            Expr::Lit(_) | Expr::Binary(_) | Expr::Cast(_) | Expr::Range(_) => Some(Kind::Plain),
            Expr::Paren(paren) => self.of(&paren.expr),
            Expr::Group(group) => self.of(&group.expr),
            Expr::Reference(reference) => self.of(&reference.expr),
            Expr::Unary(unary) => self.of(&unary.expr),
            Expr::Tuple(tuple) => joined(&mut tuple.elems.iter().map(|expr| self.of(expr))),
            Expr::Macro(mac) => mac.mac.path.is_ident("format").then_some(Kind::Plain),
            Expr::Struct(made) => self.own(&made.path),
            Expr::Path(path) => {
                let name = path.path.get_ident()?;
                if name == "self" {
                    let own = self.home.self_type()?;
                    return self.own(&syn::parse_str(&own).ok()?);
                }
                self.names.find(name)?.kind.clone()
            }
            Expr::Field(field) => match (self.of(&field.base)?, &field.member) {
                (Kind::Plain, _) => Some(Kind::Plain),
                (Kind::Own(path), syn::Member::Named(name)) => self
                    .home
                    .with_source(|source| field_of(source, &path, &name.to_string())),
                _ => None,
            },
            Expr::Index(index) => self.of(&index.expr)?.inner(),
            Expr::Await(wait) => match self.of(&wait.base)? {
                Kind::Future(value) => Some((*value).clone()),
                _ => None,
            },
            Expr::Try(attempt) => self.of(&attempt.expr)?.inner(),
            Expr::Call(call) => self.call(call),
            Expr::MethodCall(call) => self.method(call),
            _ => None,
        }
    }

    fn call(&self, call: &ExprCall) -> Option<Kind> {
        let Expr::Path(path) = &*call.func else {
            return None;
        };
        if path.qself.is_some()
            || path
                .path
                .get_ident()
                .is_some_and(|name| self.names.find(name).is_some())
        {
            return None;
        }
        let resolved = self.home.resolve(&path.path)?;
        let (last, parent) = resolved.split_last()?;
        if resolved[0] == "crate" {
            return self.home.with_source(|source| {
                if let Some(function) = source.function(&resolved) {
                    return returned(source, &function);
                }
                // A variant, a struct of a tuple, a derived `Default`.
                let is_made = last.starts_with(char::is_uppercase) || last == "default";
                let made = source
                    .own_type(&resolved)
                    .or_else(|| source.own_type(parent));
                made.filter(|_| is_made).map(Kind::Own)
            });
        }
        match (parent, last.as_str()) {
            ([], "Ok" | "Some") => Some(self.of(call.args.first()?)?.of()),
            ([ty], "new") if POINTERS.contains(&ty.as_str()) => self.of(call.args.first()?),
            ([.., ty], made) if PLAIN.contains(&ty.as_str()) && MAKES.contains(&made) => {
                Some(Kind::Plain)
            }
            ([krate, ..], "sleep" | "sleep_until" | "yield_now") if krate == "tokio" => {
                Some(Kind::Future(Rc::new(Kind::Plain)))
            }
            ([krate, ..], "timeout" | "timeout_at") if krate == "tokio" => {
                match self.of(call.args.get(1)?)? {
                    Kind::Future(value) => Some(Kind::Future(Rc::new((*value).clone().of()))),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn method(&self, call: &ExprMethodCall) -> Option<Kind> {
        let name = call.method.to_string();
        let is_quiet = || call.args.iter().all(|argument| self.is_quiet(argument));
        match self.of(&call.receiver)? {
            Kind::Plain => {
                let is_own = || {
                    self.home
                        .with_source(|source| Some(source.has_async(&name)))
                };
                (is_known(&name) && is_quiet() && is_own() == Some(false)).then_some(Kind::Plain)
            }
            Kind::Of(inner) => match name.as_str() {
                "unwrap" | "expect" | "unwrap_or_default" => Some((*inner).clone()),
                "iter" | "iter_mut" | "into_iter" | "next" | "get" | "first" | "last" | "pop"
                | "clone" | "cloned" | "copied" | "as_ref" | "as_mut" | "as_deref" | "ok"
                | "ok_or" | "ok_or_else" | "map_err" | "values" | "values_mut" | "to_vec"
                | "rev" | "chunks" => Some(Kind::Of(inner)),
                "filter" | "skip" | "take" if is_quiet() => Some(Kind::Of(inner)),
                "len" | "is_empty" | "is_some" | "is_none" | "is_ok" | "is_err" | "count" => {
                    Some(Kind::Plain)
                }
                _ => None,
            },
            Kind::Own(path) => {
                let method = self.home.method(&path, &name);
                let method = method
                    .map(|(source, method)| self.home.with_source(|_| returned(&source, &method)));
                match (method, name.as_str()) {
                    (Some(returned), _) => returned,
                    (None, "clone" | "to_owned") => Some(Kind::Own(path)),
                    (None, "to_string") => Some(Kind::Plain),
                    _ => None,
                }
            }
            Kind::Future(_) | Kind::Other => None,
        }
    }

    /// Whether an argument brings no work into what a method makes of it.
    fn is_quiet(&self, argument: &Expr) -> bool {
        match argument {
            Expr::Closure(closure) => {
                let body = &*closure.body;
                let Some(Pat::Ident(name)) = closure.inputs.first() else {
                    return !may_be_work(body) || self.of(body).is_some_and(|kind| kind.is_idle());
                };
                // What it is given is as plain as the receiver.
                let mut names = self.names.clone();
                names.push_plain(&name.ident);
                let inner = Kinds {
                    home: self.home,
                    names: &names,
                };
                !may_be_work(body) || inner.of(body).is_some_and(|kind| kind.is_idle())
            }
            Expr::Path(path) if path.path.segments.len() > 1 => {
                let ty = &path.path.segments[path.path.segments.len() - 2].ident;
                PLAIN
                    .iter()
                    .chain(&["ToString", "ToOwned", "Clone"])
                    .any(|name| ty == name)
            }
            argument => self.of(argument).is_some_and(|kind| kind.is_idle()),
        }
    }
}

fn field_of(source: &Source, path: &[String], field: &str) -> Option<Kind> {
    let (ty, module) = path.split_last()?;
    let written = source.field_type(module, ty, field)?;
    of_type(&written, &|path| resolved(source, module, &names_of(path)))
}

/// Methods of the standard library whose result is as plain as what they are called on and given.
/// By their whole names: a trait may give text a method of any other.
fn is_known(method: &str) -> bool {
    const NAMES: &str = " abs all and_then any as_bytes as_deref as_mut as_millis as_ref as_secs \
        as_slice as_str bytes chain chars checked_add checked_div checked_mul checked_sub chunks \
        clone cloned collect contains copied count cycle elapsed ends_with enumerate err expect \
        filter filter_map find first flat_map fold get into_iter is_alphabetic is_alphanumeric \
        is_ascii is_empty is_err is_none is_numeric is_ok is_some is_whitespace iter iter_mut \
        join last len lines map map_err max max_by_key min min_by_key next nth ok ok_or \
        ok_or_else or or_else parse peekable pop position pow repeat replace rev saturating_add \
        saturating_mul saturating_sub skip skip_while split split_at split_once split_whitespace \
        starts_with step_by strip_prefix strip_suffix sum take take_while to_ascii_lowercase \
        to_ascii_uppercase to_lowercase to_owned to_string to_uppercase to_vec trim trim_end \
        trim_matches trim_start unwrap unwrap_or unwrap_or_default unwrap_or_else windows \
        wrapping_add wrapping_mul wrapping_sub zip ";
    NAMES.contains(&format!(" {method} "))
}
