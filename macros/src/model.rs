//! What a handler is once nothing about it is invalid any more.

use std::time::Duration;

use proc_macro2::{Group, Ident, TokenStream};
use syn::{Attribute, Expr, Path, Signature, Type, Visibility, token::Paren};

/// A function that can be expanded.
pub(crate) struct Handler {
    pub(crate) options: Options,
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    pub(crate) inner_attrs: Vec<Attribute>,
    pub(crate) body: Body,
}

/// The options that were given. A default is the runtime's, so it is not repeated here.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) join: Option<Given<Join>>,
    pub(crate) timeout: Option<Given<Timeout>>,
    pub(crate) host: Option<Given<Expr>>,
    pub(crate) on_error: Option<Given<OnError>>,
    pub(crate) on_drop: Option<Given<OnDrop>>,
    pub(crate) max_concurrent: Option<Given<Expr>>,
    pub(crate) executor: Option<Given<Executor>>,
    pub(crate) krate: Option<Given<Path>>,
}

/// An option's value beside its name. The call that stands for the option takes the name's span, so
/// that an error in the value is reported among the attribute's arguments.
pub(crate) struct Given<T> {
    pub(crate) key: Ident,
    pub(crate) value: T,
}

#[derive(Clone, Copy)]
pub(crate) enum Join {
    TryJoinAll,
    JoinAll,
}

#[derive(Clone, Copy)]
pub(crate) enum OnError {
    Fail,
    Log,
}

#[derive(Clone, Copy)]
pub(crate) enum OnDrop {
    Finish,
    Abort,
}

#[derive(Clone, Copy)]
pub(crate) enum Executor {
    Spawn,
    InTask,
}

pub(crate) enum Timeout {
    Literal(Duration),
    Expr(Box<Expr>),
}

/// The block that is the handler's body. It stays tokens: what is not read cannot be misread.
pub(crate) struct Body {
    /// What it returns; `None` where the function has no return type.
    pub(crate) output: Option<Type>,
    pub(crate) block: Group,
    pub(crate) frame: Frame,
}

/// What other attributes have put around the body.
pub(crate) enum Frame {
    /// Nothing: `async fn f() -> R { body }`.
    AsyncFn,
    /// `fn f() -> Pin<Box<dyn Future<Output = R>>> { pin(keywords { body }) }`
    Pinned {
        pin: Path,
        paren: Paren,
        keywords: TokenStream,
    },
    /// `fn f() -> R { before { body } after }`
    BlockedOn {
        before: TokenStream,
        after: TokenStream,
    },
}
