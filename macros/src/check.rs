//! Which functions cannot be handlers.

use crate::{
    errors::Errors,
    item::{Function, FunctionBlock},
    model::{Handler, Options},
    shape,
};

pub(crate) fn check(options: Options, function: Function, errors: &mut Errors) -> Option<Handler> {
    let Function {
        attrs,
        vis,
        sig,
        block,
    } = function;
    let name = &sig.ident;
    if let Some(constness) = &sig.constness {
        let message = "a handler waits for its tasks, so it cannot be `const`";
        errors.at(constness, format!("{message}: write `async fn {name}`"));
    }
    if let Some(abi) = &sig.abi {
        let message = "a handler is awaited, so it cannot be `extern`";
        errors.at(abi, format!("{message}: write `async fn {name}`"));
    }
    let Some(FunctionBlock {
        inner_attrs,
        rest: block,
    }) = block
    else {
        let message = "a handler has a body, and this method is declared without one";
        let advice = format!("write the attribute above `async fn {name}` in the `impl`");
        errors.at(name, format!("{message}: {advice}"));
        return None;
    };
    let body = shape::async_fn(&sig, &block)
        .or_else(|| shape::boxed_future(&sig, &block))
        .or_else(|| shape::blocked_on(&sig, &block));
    if body.is_none() && sig.constness.is_none() && sig.abi.is_none() {
        let message = "a handler waits for its tasks, so it has to be async";
        errors.at(sig.fn_token, format!("{message}: write `async fn {name}`"));
    }
    Some(Handler {
        options,
        attrs,
        vis,
        sig,
        inner_attrs,
        body: body?,
    })
}
