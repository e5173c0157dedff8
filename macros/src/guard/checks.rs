//! The questions that the copy asks: calls of the functions in `tethered::__private`.
//!
//! Each stands at the user's own tokens, from the first to the last, so that the compiler underlines
//! those and nothing else.

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::ToTokens as _;
use quote::{format_ident, quote, quote_spanned};
use syn::{Expr, ExprAwait, ExprCall, FnArg, GenericParam, Signature, Type};

use super::{mentions, words::DROPPED};

/// Questions with words of their own are traits of their own, in the copy.
#[derive(Default)]
pub(super) struct Checks {
    traits: TokenStream,
    functions: TokenStream,
    count: usize,
}

type At = (Span, Span);

/// `__tethered::name`, from the first token to the last.
fn function(name: &str, at: At) -> TokenStream {
    let site = Span::mixed_site();
    path(Ident::new("__tethered", site), Ident::new(name, site), at)
}

fn path(mut start: Ident, mut end: Ident, (first, last): At) -> TokenStream {
    start.set_span(first);
    end.set_span(last);
    let colons = quote_spanned!(first=> ::);
    quote!(#start #colons #end)
}

impl Checks {
    pub(super) fn into_items(self) -> TokenStream {
        let Self {
            traits, functions, ..
        } = self;
        if functions.is_empty() {
            return TokenStream::new();
        }
        quote_spanned!(Span::mixed_site()=> #traits enum __Asks {} impl __Asks { #functions })
    }

    /// A question with words of its own: a trait that says what to write, and a function that asks it,
    /// in a path of two names from the first token to the last.
    fn with_words(
        &mut self,
        asked: &TokenStream,
        instead: &str,
        at: At,
        function: impl FnOnce(&Ident, &Ident) -> TokenStream,
    ) -> TokenStream {
        let number = self.count;
        self.count += 1;
        let site = Span::mixed_site();
        let name = format_ident!("__Kept{number}", span = site);
        let call = format_ident!("__kept{number}", span = site);
        let note = format!("help: {instead}");
        self.traits.extend(quote_spanned! {site=>
            #[diagnostic::on_unimplemented(message = #DROPPED, label = "dropped, not awaited", note = #note)]
            trait #name<C, W> {}
            #[diagnostic::do_not_recommend]
            impl<T: ?::core::marker::Sized + __tethered::#asked, C, W> #name<C, W> for T {}
        });
        self.functions.extend(function(&name, &call));
        path(Ident::new("__Asks", site), call, at)
    }

    /// A question about a value: of its being `Kept`, or `LetGo`.
    fn value(&mut self, asked: &str, instead: &str, at: At) -> TokenStream {
        let site = Span::mixed_site();
        let asked = Ident::new(asked, site);
        let asked = quote_spanned!(site=> #asked<C, W>);
        self.with_words(&asked, instead, at, |words, call| {
            quote_spanned! {site=>
                fn #call<T: ?::core::marker::Sized + #words<C, W>, C, W>(_: &T, _: C) {}
            }
        })
    }

    fn question(&mut self, asked: &str, plain: &str, instead: Option<&str>, at: At) -> TokenStream {
        match instead {
            Some(instead) => self.value(asked, instead, at),
            None => function(plain, at),
        }
    }

    /// A value that the statement drops: `match value { __value => question(&__value, 0) }`, where
    /// what the compiler underlines goes from the user's first token to the last, and is the user's
    /// own as far as it can tell.
    pub(super) fn dropped(
        &mut self,
        expr: &Expr,
        (asked, instead): (&str, Option<&str>),
        from: From<'_>,
        is_free: bool,
        goes_on: bool,
        at: At,
    ) -> TokenStream {
        let question = self.question(asked, "kept", instead, at);
        let site = Span::mixed_site();
        let (name, call) = call(&question, at);
        if !matches!(from, From::Anywhere) {
            let given = from.value(&quote_spanned!(site=> &__given));
            let value = goes_on.then(|| quote_spanned!(site=> __given));
            let asked = quote_spanned! {site=>
                match (#expr) { __given => { match #given { #name => #call } #value } }
            };
            // Before the call, which may take the receiver over.
            return match from {
                From::Receiver(receiver) => quote_spanned! {site=>
                    match #receiver.__tethered_type() { __type => #asked }
                },
                _ => asked,
            };
        }
        let value = goes_on.then_some(&name);
        if is_free {
            // It may never return: the branch keeps what follows from being called unreachable.
            return quote_spanned! {site=>
                { let #name = if false { #expr } else { __tethered::any() }; #call; #value }
            };
        }
        quote_spanned!(site=> match (#expr) { #name => { #call; #value } })
    }

    /// A call whose value the statement drops: `called(f, beside(), 0)(arguments)`. It is still a call,
    /// so one that never returns ends its block as it does in the original.
    pub(super) fn called(&mut self, call: &mut ExprCall, instead: Option<&str>, at: At) {
        let site = Span::mixed_site();
        let arguments = Literal::usize_unsuffixed(call.args.len());
        let question = if let Some(instead) = instead {
            let asked = quote_spanned!(site=> Called<#arguments, C, W>);
            self.with_words(&asked, instead, at, |words, call| {
                quote_spanned! {site=>
                    fn #call<F: #words<C, W>, C, W>(f: F, _: __tethered::Beside<F>, _: C) -> F { f }
                }
            })
        } else {
            let called = function("called", at);
            quote_spanned!(site=> #called::<#arguments, _, _, _>)
        };
        let function = &call.func;
        *call.func = Expr::Verbatim(quote_spanned! {site=>
            #question(#function, __tethered::beside(), 0)
        });
    }

    /// The same for a future whose value is dropped once it is awaited.
    pub(super) fn awaited(wait: &mut ExprAwait, at: At) {
        let awaited = function("awaited", at);
        let mut future = &*wait.base;
        while let Expr::Paren(paren) = future {
            future = &paren.expr;
        }
        *wait.base = Expr::Verbatim(quote_spanned! {Span::mixed_site()=>
            #awaited(#future, __tethered::beside(), 0)
        });
    }

    /// `let _ = expr;`, which does nothing but end where `expr` never returns.
    pub(super) fn ignored(expr: &Expr, is_free: bool) -> TokenStream {
        let site = Span::mixed_site();
        if is_free {
            // As an arm, or Clippy would find that a value that never comes is no value.
            return quote_spanned!(site=> { let _ = match () { () => #expr }; });
        }
        quote_spanned!(site=> { let _ = #expr; })
    }

    /// A value that the statement drops at the end of a block, whose type is that of the block where
    /// the statement never returns: so it stands there as it is, after its question.
    pub(super) fn last(question: &TokenStream, expr: &Expr, is_free: bool) -> TokenStream {
        let ignored = Self::ignored(expr, is_free);
        quote_spanned! {Span::mixed_site()=>
            { if false { #question match __tethered::never() {} } else #ignored }
        }
    }

    /// The receiver of `detach()`, which then goes on.
    pub(super) fn let_go(
        &mut self,
        receiver: &Expr,
        rest: &TokenStream,
        instead: &str,
        at: At,
    ) -> TokenStream {
        let question = self.value("LetGo", instead, at);
        let (name, call) = call(&question, at);
        quote_spanned! {Span::mixed_site()=>
            match (#receiver) { mut #name => { #call; #name #rest } }
        }
    }

    /// A place, which goes on.
    pub(super) fn place(&mut self, place: &Expr, instead: &str, at: At) -> TokenStream {
        let question = self.value("LetGo", instead, at);
        let and = quote_spanned!(at.0=> &);
        quote_spanned!(Span::mixed_site()=> #question(#and #place, 0);)
    }

    /// The name of a `let`, asked right after it.
    pub(super) fn name(
        &mut self,
        question: &str,
        ident: &Ident,
        instead: Option<&str>,
        from: From<'_>,
        at: At,
    ) -> TokenStream {
        let question = self.question("Kept", question, instead, at);
        let site = Span::mixed_site();
        if !matches!(from, From::Anywhere) {
            let value = from.value(&quote_spanned!(site=> &#ident));
            let (name, call) = call(&question, at);
            return quote_spanned!(site=> match #value { #name => #call });
        }
        let text = ident.to_string();
        let is_unused = text.starts_with('_') && !text.starts_with("__");
        // Clippy's `used_underscore_binding` must not take our use of the name for the user's.
        let first = if is_unused {
            Span::call_site().located_at(at.0)
        } else {
            at.0
        };
        let name_span = if is_unused {
            Span::call_site()
        } else {
            ident.span()
        };
        let and = quote_spanned!(first=> &);
        let mut name = ident.clone();
        name.set_span(name_span.located_at(at.1));
        quote_spanned!(site=> #question(#and #name, 0);)
    }
}

/// What is known of where a value comes from.
#[derive(Clone, Copy)]
pub(super) enum From<'a> {
    Anywhere,
    /// A method of this has returned it: `tracker.spawn(..)`.
    Receiver(&'a Expr),
    /// The same, where this names the receiver's type.
    Typed(&'a Ident),
    /// Its expression names a collection of futures.
    Collected,
}

impl From<'_> {
    /// The value together with that.
    fn value(self, value: &TokenStream) -> TokenStream {
        let site = Span::mixed_site();
        match self {
            Self::Anywhere => value.clone(),
            Self::Receiver(_) => quote_spanned!(site=> __tethered::by(&__type, #value)),
            Self::Typed(ty) => quote_spanned!(site=> __tethered::by(&#ty, #value)),
            Self::Collected => quote_spanned!(site=> __tethered::collection(#value)),
        }
    }
}

/// `question(&__value, 0)`
fn call(question: &TokenStream, at: At) -> (Ident, TokenStream) {
    let name = Ident::new("__value", at.1);
    let and = quote_spanned!(at.0=> &);
    let call = quote_spanned!(Span::mixed_site()=> #question(#and #name, 0));
    (name, call)
}

/// Where the value of the function goes in the copy. Not to a `return`, after which everything
/// would be unreachable, and which `impl Trait` ties to the one type of the original's value.
pub(super) enum Output {
    /// `let _: Type = value;`
    Typed(TokenStream),
    /// The type has an `impl Trait` in it: `__returned(value);`
    Opaque {
        takes: TokenStream,
        item: TokenStream,
    },
    /// The same, where no function can name the type: there is no copy.
    Unnamed,
    /// In a helper there is no copy.
    None,
}

impl Output {
    /// `is_method`: in an `impl`, whose generics no function of the body can name.
    pub(super) fn of(
        sig: &Signature,
        written: Option<&Type>,
        inferred: &Type,
        is_method: impl FnOnce() -> bool,
    ) -> Self {
        let Some(written) = written.filter(|written| mentions(written.to_token_stream(), "impl"))
        else {
            return Self::Typed(inferred.to_token_stream());
        };
        let generics = &sig.generics;
        // A lifetime that is not written cannot stand in an argument's `impl Trait`.
        let has_lifetime = generics.lifetimes().next().is_some()
            || written.to_token_stream().to_string().contains(['\'', '&']);
        let has_outside = ["Self", "use"]
            .iter()
            .any(|word| mentions(written.to_token_stream(), word))
            || sig
                .inputs
                .iter()
                .any(|input| mentions(input.to_token_stream(), "impl"));
        if is_method()
            || has_lifetime
            || has_outside
            || matches!(sig.inputs.first(), Some(FnArg::Receiver(_)))
        {
            return Self::Unnamed;
        }
        let (params, clause) = (&generics.params, &generics.where_clause);
        let names = generics.params.iter().filter_map(|param| match param {
            GenericParam::Type(param) => Some(&param.ident),
            GenericParam::Const(param) => Some(&param.ident),
            GenericParam::Lifetime(_) => None,
        });
        let site = Span::mixed_site();
        Self::Opaque {
            takes: quote_spanned!(site=> __returned::<#(#names),*>),
            item: quote_spanned!(site=> fn __returned<#params>(_: #written) #clause {}),
        }
    }

    pub(super) fn is_opaque(&self) -> bool {
        matches!(self, Self::Opaque { .. })
    }

    pub(super) fn takes(&self, value: &Expr) -> TokenStream {
        let site = Span::mixed_site();
        match self {
            // As an arm, or Clippy would find that a value that never comes is no value.
            Self::Typed(ty) => quote_spanned!(site=> let _: #ty = match () { () => #value };),
            Self::Opaque { takes, .. } => quote_spanned!(site=> #takes(match () { () => #value });),
            Self::Unnamed | Self::None => quote!(#value),
        }
    }

    /// What the copy needs for it; nothing where there can be no copy.
    pub(super) fn into_item(self) -> Option<TokenStream> {
        match self {
            Self::Opaque { item, .. } => Some(item),
            Self::Typed(_) => Some(TokenStream::new()),
            Self::Unnamed | Self::None => None,
        }
    }
}
