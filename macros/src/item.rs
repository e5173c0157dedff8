//! What the attribute stands on.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use syn::{
    Attribute, Error, LitStr, Result, Signature, Token, Visibility,
    parse::{Parse, ParseStream, Parser as _},
};

use crate::errors::Errors;

/// A function as far as the attribute reads it.
pub(crate) struct Function {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) sig: Signature,
    /// `None` where a trait declares a method without a body.
    pub(crate) block: Option<FunctionBlock>,
}

pub(crate) struct FunctionBlock {
    pub(crate) inner_attrs: Vec<Attribute>,
    /// The braces with what they hold after the inner attributes.
    pub(crate) rest: Group,
}

pub(crate) const HANDLER: &str = "#[serverless_handler]";
pub(crate) const NO_DETACH: &str = "#[no_detach]";

/// What else an attribute may stand on, by its first word.
const ELSEWHERE: [(&str, &str); 13] = [
    ("struct", "a struct"),
    ("enum", "an enum"),
    ("union", "a union"),
    ("trait", "a trait"),
    ("impl", "an `impl`"),
    ("mod", "a module"),
    ("const", "a constant"),
    ("static", "a static"),
    ("type", "a type alias"),
    ("use", "an import"),
    ("extern", "an `extern` item"),
    ("macro_rules", "a macro"),
    ("let", "a `let`"),
];

/// `attribute` is the one to speak of where there is no function.
pub(crate) fn parse(item: TokenStream, attribute: &str, errors: &mut Errors) -> Option<Function> {
    let function = (|input: ParseStream<'_>| Function::parse(input, attribute)).parse2(item);
    function.map_err(|error| errors.push(error)).ok()
}

impl Function {
    fn parse(input: ParseStream<'_>, attribute: &str) -> Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        if !is_function(input) {
            return Err(elsewhere(&input.parse()?, attribute));
        }
        let sig = input.parse()?;
        let has_body = input.parse::<Option<Token![;]>>()?.is_none();
        let block = has_body.then(|| input.parse()).transpose()?;
        Ok(Self {
            attrs,
            vis,
            sig,
            block,
        })
    }
}

impl Parse for FunctionBlock {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let whole = braces(input.parse()?)?;
        let parser = |content: ParseStream<'_>| {
            Ok((content.call(Attribute::parse_inner)?, content.parse()?))
        };
        let (inner_attrs, rest) = parser.parse2(whole.stream())?;
        let mut rest = Group::new(Delimiter::Brace, rest);
        rest.set_span(whole.span());
        Ok(Self { inner_attrs, rest })
    }
}

/// The block, also where a macro has handed it on as `$body:block`.
fn braces(block: TokenTree) -> Result<Group> {
    match block {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            let mut inside = group.stream().into_iter();
            let first = inside.next().unwrap_or(TokenTree::Group(Group::new(
                Delimiter::Brace,
                TokenStream::new(),
            )));
            braces(first)
        }
        TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => Ok(group),
        other => Err(Error::new(other.span(), "expected a block")),
    }
}

fn is_function(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    while ahead.peek(Token![const])
        || ahead.peek(Token![async])
        || ahead.peek(Token![unsafe])
        || ahead.peek(Token![extern])
        || ahead.peek(LitStr)
    {
        let _ = ahead.parse::<TokenTree>();
    }
    ahead.peek(Token![fn])
}

fn elsewhere(first: &TokenTree, attribute: &str) -> Error {
    let word = first.to_string();
    let thing = ELSEWHERE.iter().find(|(start, _)| *start == word);
    let thing = thing.map_or("an expression", |(_, thing)| thing);
    let message = match attribute {
        NO_DETACH => format!(
            "`no_detach` checks functions, not {thing}: write `{NO_DETACH}` above an `fn` or an `impl`"
        ),
        _ => {
            format!("a handler is a function, not {thing}: write `{attribute}` above an `async fn`")
        }
    };
    Error::new(first.span(), message)
}
