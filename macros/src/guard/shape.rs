//! What an expression is, as far as its shape tells.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;
use syn::{Attribute, Block, Expr, ExprMethodCall, Pat, PatIdent, Stmt};

use super::{
    checks::From,
    home::Home,
    mentions,
    spawners::{COLLECTIONS, METHODS},
};

/// What an initializer tells of where its value comes from.
pub(super) fn from(init: &Expr) -> From<'_> {
    if makes_collection(init) {
        return From::Collected;
    }
    receiver_of(init).map_or(From::Anywhere, From::Receiver)
}

pub(super) fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(paren) => bare(&paren.expr),
        Expr::Group(group) => bare(&group.expr),
        Expr::MethodCall(call)
            if matches!(call.method.to_string().as_str(), "unwrap" | "expect") =>
        {
            bare(&call.receiver)
        }
        expr => expr,
    }
}

pub(super) fn is_place(expr: &Expr) -> bool {
    match expr {
        Expr::Path(_) => true,
        Expr::Field(field) => is_place(&field.base),
        Expr::Paren(paren) => is_place(&paren.expr),
        _ => false,
    }
}

/// Whether it is a value of its own, not a place that goes on.
pub(super) fn is_value(expr: &Expr) -> bool {
    !matches!(
        expr,
        Expr::Field(_) | Expr::Index(_) | Expr::Unary(_) | Expr::Reference(_)
    )
}

/// Whether an initializer could be, or hold, unfinished work. Most cannot by their shape.
pub(super) fn may_be_work(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_)
        | Expr::Reference(_)
        | Expr::Binary(_)
        | Expr::Unary(_)
        | Expr::Closure(_)
        | Expr::Range(_)
        | Expr::Struct(_)
        | Expr::Field(_)
        | Expr::Index(_)
        | Expr::Let(_) => false,
        Expr::Macro(mac) => {
            let name = mac
                .mac
                .path
                .segments
                .last()
                .map(|last| last.ident.to_string());
            !matches!(
                name.as_deref(),
                Some(
                    "format"
                        | "json"
                        | "include_str"
                        | "include_bytes"
                        | "env"
                        | "concat"
                        | "stringify"
                        | "matches"
                        | "spawn_tracked"
                        | "spawn_blocking_tracked"
                        | "wait_until"
                        | "after_response"
                        | "allow_detached"
                        | "pin"
                        | "info_span"
                        | "debug_span"
                )
            )
        }
        Expr::Cast(cast) => may_be_work(&cast.expr),
        Expr::Paren(paren) => may_be_work(&paren.expr),
        Expr::Group(group) => may_be_work(&group.expr),
        _ => true,
    }
}

/// `{ let __arg1 = __arg1; __arg1 }`
pub(super) fn rebinds(block: &Block) -> bool {
    matches!(block.stmts.last(), Some(Stmt::Expr(Expr::Path(path), None))
        if path.path.get_ident().is_some_and(|name| name.to_string().starts_with("__arg")))
}

/// Types of the standard library that hold values and start nothing.
const HOLDERS: &[&str] = &[
    "Vec",
    "VecDeque",
    "String",
    "HashMap",
    "HashSet",
    "BTreeMap",
    "BTreeSet",
    "BinaryHeap",
];

/// What only these have, or nobody else has by the name.
const ORDERLY: &[&str] = &[
    "sort",
    "sort_by",
    "sort_by_key",
    "sort_by_cached_key",
    "sort_unstable",
    "sort_unstable_by",
    "sort_unstable_by_key",
    "dedup",
    "dedup_by",
    "dedup_by_key",
    "retain",
    "truncate",
    "push_str",
    "extend_from_slice",
    "reserve",
    "shrink_to_fit",
    "reverse",
];

/// What returns nothing on a holder.
const ON_HOLDERS: &[&str] = &[
    "push",
    "push_back",
    "push_front",
    "extend",
    "clear",
    "append",
];

/// What puts an entry of a map in the place of a receiver.
const ENTRIES: &[&str] = &["or_default", "or_insert", "or_insert_with"];

/// A name of a type that holds values and starts nothing.
pub(super) fn is_holder(ty: &str) -> bool {
    HOLDERS.contains(&ty)
}

/// A statement whose value is `()` for sure, if what it is called on `is_holder`.
pub(super) fn is_unit(call: &ExprMethodCall, is_holder: bool) -> bool {
    let is = |names: &[&str]| names.iter().any(|name| call.method == name);
    let is_entry = matches!(&*call.receiver, Expr::MethodCall(entry)
        if ENTRIES.iter().any(|name| entry.method == name));
    (is_holder && is(ORDERLY)) || ((is_holder || is_entry) && is(ON_HOLDERS))
}

/// Whether a value could be the handle of a task that runs: what parses, counts or tells the time
/// gives none, unless it is the crate's own.
pub(super) fn may_be_running(init: &Expr, is_own: &dyn Fn(&syn::Path) -> bool) -> bool {
    const GIVE_NONE: &[&str] = &[
        "as_bytes",
        "as_ref",
        "as_str",
        "bytes",
        "chars",
        "clone",
        "cloned",
        "contains",
        "count",
        "elapsed",
        "ends_with",
        "first",
        "get",
        "get_mut",
        "is_empty",
        "is_some",
        "is_none",
        "iter",
        "iter_mut",
        "join",
        "last",
        "len",
        "lines",
        "lock",
        "max",
        "min",
        "now",
        "parse",
        "read",
        "replace",
        "split",
        "split_once",
        "split_whitespace",
        "starts_with",
        "sum",
        "to_lowercase",
        "to_owned",
        "to_string",
        "to_uppercase",
        "to_vec",
        "trim",
        "write",
    ];
    let gives_none = |name: &Ident| GIVE_NONE.iter().any(|none| name == none);
    match init {
        Expr::Try(attempt) => may_be_running(&attempt.expr, is_own),
        Expr::Await(wait) => may_be_running(&wait.base, is_own),
        Expr::MethodCall(call) => match call.method.to_string().as_str() {
            "unwrap" | "expect" | "unwrap_or" | "unwrap_or_default" | "map_err" | "ok_or"
            | "ok_or_else" | "context" | "with_context" => may_be_running(&call.receiver, is_own),
            _ => !gives_none(&call.method),
        },
        Expr::Call(call) => match &*call.func {
            Expr::Path(path) => {
                let last = path.path.segments.last();
                last.is_none_or(|last| !gives_none(&last.ident)) || is_own(&path.path)
            }
            _ => true,
        },
        Expr::Async(_) => false,
        _ => true,
    }
}

/// Whether its words are worth a trait: something that may itself be the work.
pub(super) fn says_what_to_write(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Call(_) | Expr::MethodCall(_) | Expr::Async(_) | Expr::Macro(_)
    )
}

/// `map.insert(key, handle)`, `self.timer.take()` and their like give back what was there before: it
/// may have been polled to its end.
pub(super) fn gives_back(expr: &Expr) -> bool {
    matches!(expr, Expr::MethodCall(call)
        if ["insert", "replace", "take"].iter().any(|name| call.method == name))
}

pub(super) fn is_ended(expr: &Expr, home: &Home) -> bool {
    let Expr::Call(call) = expr else { return false };
    let Expr::Path(path) = &*call.func else {
        return false;
    };
    path.qself.is_none() && call.args.len() == 1 && home.is_end(&path.path)
}

/// Whether an expression makes a collection of futures, by the name that is written last.
fn makes_collection(expr: &Expr) -> bool {
    match bare(expr) {
        Expr::Call(call) => is_collection(&call.func),
        Expr::MethodCall(call) => call.method == "collect" && is_collection(&call.turbofish),
        _ => false,
    }
}

/// Whether a path or a type names a collection of futures.
fn is_collection(node: &impl ToTokens) -> bool {
    let tokens = node.to_token_stream();
    COLLECTIONS
        .iter()
        .any(|name| mentions(tokens.clone(), name))
}

pub(super) fn is_typed_collection(pat: &Pat) -> bool {
    matches!(pat, Pat::Type(typed) if is_collection(&typed.ty))
}

/// `select_all(futures).await` gives back futures that have been polled.
pub(super) fn is_race(expr: &Expr) -> bool {
    match expr {
        Expr::Await(wait) => is_select(&wait.base),
        Expr::Try(attempt) => is_race(&attempt.expr),
        _ => false,
    }
}

fn is_select(expr: &Expr) -> bool {
    match expr {
        Expr::Call(call) => matches!(&*call.func, Expr::Path(path)
            if path.path.segments.last().is_some_and(|last| last.ident.to_string().starts_with("select"))),
        _ => false,
    }
}

/// `Some(..)`: by its name it makes a value of an enum or a struct.
pub(super) fn is_variant(path: &syn::ExprPath) -> bool {
    let last = path.path.segments.last();
    last.is_some_and(|last| last.ident.to_string().starts_with(char::is_uppercase))
}

/// Whether a call makes no value on its way that its own value could borrow from.
pub(super) fn borrows_nothing(expr: &Expr) -> bool {
    let owns = |argument: &Expr| match argument {
        Expr::Lit(_) | Expr::Closure(_) | Expr::Macro(_) => true,
        Expr::Reference(reference) => is_place(&reference.expr),
        argument => is_place(argument),
    };
    match expr {
        Expr::MethodCall(call) => is_place(&call.receiver) && call.args.iter().all(owns),
        Expr::Call(call) => is_place(&call.func) && call.args.iter().all(owns),
        Expr::Macro(_) => true,
        _ => false,
    }
}

/// `spawn(tracker.track_future(f))`: the tracker waits for it.
pub(super) fn is_tracked(expr: &Expr) -> bool {
    let argument = match bare(expr) {
        Expr::Call(call) => call.args.first(),
        Expr::MethodCall(call) => call.args.first(),
        _ => None,
    };
    matches!(argument, Some(Expr::MethodCall(call)) if call.method == "track_future")
}

/// A channel's ends are futures that nobody has to await.
pub(super) fn is_channel(expr: &Expr) -> bool {
    let Expr::Call(call) = bare(expr) else {
        return false;
    };
    let Expr::Path(path) = &*call.func else {
        return false;
    };
    path.path
        .segments
        .last()
        .is_some_and(|last| last.ident == "channel")
}

/// A collection that holds nothing yet.
pub(super) fn is_empty(expr: &Expr) -> bool {
    match bare(expr) {
        Expr::Call(call) => {
            let Expr::Path(path) = &*call.func else {
                return false;
            };
            let mut segments = path.path.segments.iter().rev();
            let last = segments.next().map(|last| last.ident.to_string());
            let is_type = segments.next().is_some_and(|before| {
                let name = before.ident.to_string();
                name.starts_with(char::is_uppercase)
            });
            let makes = matches!(last.as_deref(), Some("new" | "default" | "with_capacity"));
            is_type && makes && (call.args.is_empty() || last.as_deref() == Some("with_capacity"))
        }
        Expr::Path(path) => path
            .path
            .segments
            .last()
            .is_some_and(|last| last.ident == "None"),
        Expr::Macro(mac) => mac.mac.path.is_ident("vec") && mac.mac.tokens.is_empty(),
        Expr::Array(array) => array.elems.is_empty(),
        _ => false,
    }
}

/// The type that an expression says it makes: `Job::new(..)`, `Job { .. }`.
pub(super) fn constructed(expr: &Expr) -> Option<String> {
    match bare(expr) {
        Expr::Call(call) => {
            let Expr::Path(path) = &*call.func else {
                return None;
            };
            let mut segments = path.path.segments.iter().rev();
            let makes = segments.next()?.ident.to_string();
            let ty = segments.next()?.ident.to_string();
            (matches!(makes.as_str(), "new" | "default" | "with_capacity")
                && ty.starts_with(char::is_uppercase))
            .then_some(ty)
        }
        Expr::Struct(made) => made.path.segments.last().map(|last| last.ident.to_string()),
        Expr::Macro(mac) if mac.mac.path.is_ident("vec") => Some("Vec".into()),
        Expr::Macro(mac) if mac.mac.path.is_ident("format") => Some("String".into()),
        Expr::MethodCall(call) if call.method == "collect" => {
            let mut arguments = call.turbofish.as_ref()?.args.iter();
            match arguments.next()? {
                syn::GenericArgument::Type(ty) => super::source::type_name(ty),
                _ => None,
            }
        }
        _ => None,
    }
}

/// The receiver of `tracker.spawn(..)`, where it can be named twice.
pub(super) fn receiver_of(expr: &Expr) -> Option<&Expr> {
    let Expr::MethodCall(call) = bare(expr) else {
        return None;
    };
    let method = call.method.to_string();
    if !METHODS.iter().any(|(name, _)| *name == method) {
        return None;
    }
    let mut receiver = &*call.receiver;
    while let Expr::MethodCall(cloned) = receiver
        && cloned.method == "clone"
        && cloned.args.is_empty()
    {
        receiver = &cloned.receiver;
    }
    can_be_repeated(receiver).then_some(receiver)
}

/// Whether an expression means the same a second time, and takes nothing over.
fn can_be_repeated(expr: &Expr) -> bool {
    match expr {
        Expr::Unary(unary) => {
            matches!(unary.op, syn::UnOp::Deref(_)) && can_be_repeated(&unary.expr)
        }
        Expr::Paren(paren) => can_be_repeated(&paren.expr),
        Expr::Reference(reference) => {
            reference.mutability.is_none() && can_be_repeated(&reference.expr)
        }
        Expr::Call(call) => {
            let mut arguments = call.args.iter();
            matches!(*call.func, Expr::Path(_))
                && arguments.all(|argument| match argument {
                    Expr::Lit(_) => true,
                    argument => matches!(argument, Expr::Reference(_)) && can_be_repeated(argument),
                })
        }
        Expr::MethodCall(call) => call.args.is_empty() && can_be_repeated(&call.receiver),
        expr => is_place(expr),
    }
}

pub(super) fn bindings(pat: &Pat, found: &mut Vec<Ident>) {
    match pat {
        Pat::Ident(PatIdent {
            by_ref,
            ident,
            subpat,
            ..
        }) => {
            let is_constant = ident.to_string().starts_with(char::is_uppercase);
            if by_ref.is_none() && !is_constant {
                found.push(ident.clone());
            }
            if let Some((_, pat)) = subpat {
                bindings(pat, found);
            }
        }
        Pat::Guard(guard) => bindings(&guard.pat, found),
        Pat::Or(or) => {
            if let Some(first) = or.cases.first() {
                bindings(first, found);
            }
        }
        Pat::Paren(paren) => bindings(&paren.pat, found),
        Pat::Reference(reference) => bindings(&reference.pat, found),
        Pat::Slice(slice) => slice.elems.iter().for_each(|pat| bindings(pat, found)),
        Pat::Struct(fields) => fields
            .fields
            .iter()
            .for_each(|field| bindings(&field.pat, found)),
        Pat::Tuple(tuple) => tuple.elems.iter().for_each(|pat| bindings(pat, found)),
        Pat::TupleStruct(tuple) => tuple.elems.iter().for_each(|pat| bindings(pat, found)),
        Pat::Type(typed) => bindings(&typed.pat, found),
        _ => {}
    }
}

pub(super) fn without_eq(pattern: &TokenStream) -> TokenStream {
    let mut tokens: Vec<_> = pattern.clone().into_iter().collect();
    if matches!(tokens.last(), Some(proc_macro2::TokenTree::Punct(punct)) if punct.as_char() == '=')
    {
        tokens.pop();
    }
    tokens.into_iter().collect()
}

pub(super) fn attrs_mut(expr: &mut Expr) -> Option<&mut Vec<Attribute>> {
    Some(match expr {
        Expr::Array(e) => &mut e.attrs,
        Expr::Assign(e) => &mut e.attrs,
        Expr::Async(e) => &mut e.attrs,
        Expr::Await(e) => &mut e.attrs,
        Expr::Binary(e) => &mut e.attrs,
        Expr::Block(e) => &mut e.attrs,
        Expr::Call(e) => &mut e.attrs,
        Expr::Cast(e) => &mut e.attrs,
        Expr::Closure(e) => &mut e.attrs,
        Expr::Field(e) => &mut e.attrs,
        Expr::ForLoop(e) => &mut e.attrs,
        Expr::If(e) => &mut e.attrs,
        Expr::Lit(e) => &mut e.attrs,
        Expr::Loop(e) => &mut e.attrs,
        Expr::Macro(e) => &mut e.attrs,
        Expr::Match(e) => &mut e.attrs,
        Expr::MethodCall(e) => &mut e.attrs,
        Expr::Paren(e) => &mut e.attrs,
        Expr::Path(e) => &mut e.attrs,
        Expr::Reference(e) => &mut e.attrs,
        Expr::Return(e) => &mut e.attrs,
        Expr::Struct(e) => &mut e.attrs,
        Expr::Try(e) => &mut e.attrs,
        Expr::Tuple(e) => &mut e.attrs,
        Expr::Unary(e) => &mut e.attrs,
        Expr::Unsafe(e) => &mut e.attrs,
        Expr::While(e) => &mut e.attrs,
        _ => return None,
    })
}

pub(super) fn take_attrs(expr: &mut Expr) -> Vec<Attribute> {
    attrs_mut(expr).map(std::mem::take).unwrap_or_default()
}
