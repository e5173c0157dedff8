//! What stands between the attribute's parentheses.

use proc_macro2::{Ident, TokenStream, TokenTree};
use syn::{
    Error, Expr, ExprLit, Lit, Path, Result, Token,
    ext::IdentExt as _,
    parse::{ParseStream, Parser as _},
};

use crate::{
    errors::Errors,
    model::{Executor, Given, Join, OnDrop, OnError, Options, Timeout},
};

/// Every option, with one way to write it.
const EXAMPLES: [(&str, &str); 8] = [
    ("join", "join = join_all"),
    ("timeout", "timeout = \"5s\""),
    ("host", "host = event.context"),
    ("on_error", "on_error = log"),
    ("on_drop", "on_drop = abort"),
    ("max_concurrent", "max_concurrent = 8"),
    ("executor", "executor = in_task"),
    ("crate", "crate = ::tethered"),
];

const JOIN: [(&str, Join); 2] = [
    ("try_join_all", Join::TryJoinAll),
    ("join_all", Join::JoinAll),
];
const ON_ERROR: [(&str, OnError); 2] = [("fail", OnError::Fail), ("log", OnError::Log)];
const ON_DROP: [(&str, OnDrop); 2] = [("finish", OnDrop::Finish), ("abort", OnDrop::Abort)];
const EXECUTOR: [(&str, Executor); 2] = [("spawn", Executor::Spawn), ("in_task", Executor::InTask)];

pub(crate) fn parse(args: TokenStream, errors: &mut Errors) -> Options {
    let mut options = Options::default();
    let mut keys = Vec::new();
    let parser = |input: ParseStream<'_>| {
        while !input.is_empty() {
            let option = parse_option(input).and_then(|(key, value)| {
                if keys.contains(&key) {
                    errors.at(&key, format!("`{key}` is given twice: write it once"));
                }
                keys.push(key.clone());
                set(&mut options, key, value)
            });
            if let Err(error) = option {
                errors.push(error);
                skip_to_comma(input)?;
            }
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(args) {
        errors.push(error);
    }
    contradictions(&options, errors);
    options
}

/// Options of which each could stand alone.
fn contradictions(options: &Options, errors: &mut Errors) {
    if let Some(Executor::InTask) = options.executor.as_ref().map(|given| given.value)
        && let Some(Given {
            key,
            value: OnDrop::Finish,
        }) = &options.on_drop
    {
        let message = "with `executor = in_task` nobody polls the tasks of a dropped handler";
        errors.at(
            key,
            format!("{message}: write `on_drop = abort`, or leave it out"),
        );
    }
}

/// `key = value`, of which the key is known.
fn parse_option(input: ParseStream<'_>) -> Result<(Ident, Expr)> {
    let key = input.call(Ident::parse_any).map_err(|error| {
        Error::new(
            error.span(),
            "an option has a name: write `timeout = \"5s\"`",
        )
    })?;
    let is_assigned = input.parse::<Option<Token![=]>>()?.is_some();
    let has_value = is_assigned && !input.is_empty() && !input.peek(Token![,]);
    let value = has_value.then(|| input.parse()).transpose()?;
    if !input.is_empty() && !input.peek(Token![,]) && has_value {
        return Err(input.error("an option ends here: write `,` before the next one"));
    }
    let Some((_, example)) = EXAMPLES.iter().find(|(name, _)| key == name) else {
        return Err(unknown(&key));
    };
    let missing = || {
        Error::new(
            key.span(),
            format!("`{key}` takes a value: write `{example}`"),
        )
    };
    value.ok_or_else(missing).map(|value| (key.clone(), value))
}

fn set(options: &mut Options, key: Ident, value: Expr) -> Result<()> {
    fn given<T>(key: Ident, value: Result<T>) -> Result<Option<Given<T>>> {
        Ok(Some(Given { key, value: value? }))
    }
    match key.to_string().as_str() {
        "join" => options.join = given(key, one_of(&value, JOIN))?,
        "timeout" => options.timeout = given(key, timeout(value))?,
        "host" => options.host = given(key, Ok(value))?,
        "on_error" => options.on_error = given(key, one_of(&value, ON_ERROR))?,
        "on_drop" => options.on_drop = given(key, one_of(&value, ON_DROP))?,
        "max_concurrent" => options.max_concurrent = given(key, max_concurrent(value))?,
        "executor" => options.executor = given(key, one_of(&value, EXECUTOR))?,
        _ => options.krate = given(key, krate(value))?,
    }
    Ok(())
}

fn one_of<T: Copy>(value: &Expr, choices: [(&str, T); 2]) -> Result<T> {
    if let Expr::Path(path) = value {
        let is_given = |(name, _): &&(&str, T)| path.path.is_ident(name);
        if let Some((_, choice)) = choices.iter().find(is_given) {
            return Ok(*choice);
        }
    }
    let [(default, _), (other, _)] = choices;
    Err(Error::new_spanned(
        value,
        format!("this takes one of two words: write `{default}` or `{other}`"),
    ))
}

fn timeout(value: Expr) -> Result<Timeout> {
    let Expr::Lit(ExprLit { lit, .. }) = &value else {
        return Ok(Timeout::Expr(Box::new(value)));
    };
    let message = match lit {
        Lit::Str(text) => match humantime::parse_duration(&text.value()) {
            Ok(duration) if duration.is_zero() => {
                "nothing can run in a timeout of zero: write `timeout = \"5s\"`, or leave it out"
            }
            Ok(duration) => return Ok(Timeout::Literal(duration)),
            Err(_) => "this is no duration: write `timeout = \"5s\"` or `timeout = \"250ms\"`",
        },
        _ => {
            "a duration has a unit: write `timeout = \"5s\"` or `timeout = Duration::from_secs(5)`"
        }
    };
    Err(Error::new_spanned(lit, message))
}

fn max_concurrent(value: Expr) -> Result<Expr> {
    let message = match &value {
        Expr::Lit(ExprLit {
            lit: Lit::Int(number),
            ..
        }) => match number.base10_parse::<usize>() {
            Ok(0) => "no task could ever run: write `max_concurrent = 1`, or leave it out",
            _ => return Ok(value),
        },
        Expr::Lit(_) => "this takes a number of tasks: write `max_concurrent = 8`",
        _ => return Ok(value),
    };
    Err(Error::new_spanned(value, message))
}

fn krate(value: Expr) -> Result<Path> {
    match value {
        Expr::Path(path) if path.qself.is_none() => Ok(path.path),
        other => Err(Error::new_spanned(
            other,
            "this takes a path without quotes: write `crate = ::tethered`",
        )),
    }
}

fn unknown(key: &Ident) -> Error {
    let name = key.to_string();
    let known = EXAMPLES.map(|(known, _)| format!("`{known}`")).join(", ");
    let nearest = EXAMPLES
        .into_iter()
        .map(|(known, example)| (distance(&name, known), example))
        .min();
    let message = match nearest {
        Some((0..=2, example)) => {
            format!("there is no option `{name}`, but {known}: write `{example}`")
        }
        _ => format!("there is no option `{name}`: write one of {known}"),
    };
    Error::new(key.span(), message)
}

/// How many letters turn one word into the other by being put in, left out or replaced
/// (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// One mistake must not hide those in the options that follow.
fn skip_to_comma(input: ParseStream<'_>) -> Result<()> {
    while !input.is_empty() && !input.peek(Token![,]) {
        input.parse::<TokenTree>()?;
    }
    Ok(())
}
