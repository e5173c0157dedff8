//! Macros, with the oddest tokens.

use std::fmt::Write as _;

use tethered::no_detach;

use super::support::{Result, check, fetch, work};

/// Its own `vec!` and `join!`, with a syntax of their own.
#[no_detach]
pub async fn own_names() -> u64 {
    macro_rules! vec { ($($a:tt => $b:tt)*) => { [$(($a, $b)),*] } }
    macro_rules! join {
        ($a:ident -> $b:ident) => {
            $a + $b
        };
    }
    macro_rules! select {
        (from $a:expr) => {
            $a
        };
    }
    let pairs = vec![1 => 2 3 => 4];
    let (a, b) = pairs[0];
    select! { from join!(a -> b) }
}

/// Its own `spawn!`, which spawns nothing.
#[no_detach]
pub fn own_spawn() -> u64 {
    macro_rules! spawn {
        ($e:expr) => {
            $e
        };
        (tokio::spawn($t:tt)) => {
            $t
        };
    }
    spawn!(1 + 1)
}

/// A macro that throws its tokens away.
#[no_detach]
pub fn thrown_away() {
    macro_rules! ignore {
        ($($t:tt)*) => {};
    }
    ignore!(tokio::spawn(work()););
    ignore! { let _ = work(); }
    ignore![drop(tokio::spawn(work()))];
}

/// Code as text.
#[no_detach]
pub fn as_text() -> &'static str {
    let _ = stringify!(tokio::spawn(work()));
    concat!("tokio::spawn(", stringify!(std::thread::spawn(|| ())), ");")
}

/// One that throws away what is not wanted here.
macro_rules! debug_only {
    ($($t:tt)*) => {
        #[cfg(any())]
        {
            $($t)*
        }
    };
}

/// The same from outside of the function.
#[no_detach]
pub fn thrown_away_by_the_file() {
    debug_only!(tokio::spawn(work()););
    println!("done");
}

/// Markup.
#[no_detach]
pub fn markup() -> String {
    macro_rules! html {
        (<$tag:ident> $($text:literal)* {$($e:expr);*} </$end:ident>) => {
            format!("<{}>{}{:?}</{}>", stringify!($tag), concat!($($text),*), ($($e,)*), stringify!($end))
        };
    }
    html!(<p> "a" "b" { 1; 2 } </p>)
}

/// Objects.
#[no_detach]
pub fn objects() -> String {
    macro_rules! json {
        (null) => { "null".to_owned() };
        ([$($v:tt),*]) => { [$(json!($v)),*].join(",") };
        ({$($k:literal : $v:tt),* $(,)?}) => {{
            let mut text = String::new();
            $(let _ = write!(text, "{}:{}", $k, json!($v));)*
            text
        }};
        ($e:expr) => { $e.to_string() };
    }
    json!({ "spawn": [1, null], "drop": { "n": 2 } })
}

/// A macro that declares a variable, and one that returns.
#[no_detach]
pub async fn statements() -> Result<u64> {
    macro_rules! declare {
        ($name:ident = $value:expr) => {
            let $name = $value;
        };
    }
    macro_rules! bail { ($($t:tt)*) => { return Err(format!($($t)*).into()) } }
    macro_rules! ensure { ($e:expr, $($t:tt)*) => { if !$e { bail!($($t)*) } } }
    declare!(value = fetch(1).await?);
    ensure!(value > 0, "{value} is too small");
    if value > 9 {
        bail!("{} is too large", value);
    }
    Ok(value)
}

/// A macro that declares items.
#[no_detach]
pub fn items() -> u8 {
    macro_rules! functions { ($($name:ident = $n:literal;)*) => { $(fn $name() -> u8 { $n })* } }
    functions! { one = 1; two = 2; }
    one() + two()
}

/// Macros at the end of a block.
#[no_detach]
pub async fn at_the_end(n: u8) -> Vec<u8> {
    if n == 0 {
        println!("none")
    } else {
        assert!(n < 9)
    }
    match n {
        0 => vec![],
        1 => vec![0; 3],
        n => std::vec![n, n + 1,],
    }
}

/// Those that look at what they are given.
#[no_detach]
pub async fn looks() -> Result<String> {
    let handle = tokio::spawn(fetch(1));
    println!("{:?}", handle.id());
    assert_eq!(handle.await??, 1, "of {}", 1);
    debug_assert!(fetch(1).await.is_ok());
    let mut text = format!("{} {value:>4}", fetch(1).await?, value = 2);
    writeln!(text, "{}", tokio::spawn(fetch(2)).await??)?;
    write!(&mut text, "!")?;
    if matches!(fetch(3).await, Ok(n) if n > 2) && cfg!(test) {
        eprintln!("{}", env!("CARGO_PKG_NAME"));
    }
    Ok(text)
}

/// Events.
#[no_detach]
#[tracing::instrument(skip_all, fields(id))]
pub async fn events(id: u64) -> Result<u64> {
    let text = "text";
    tracing::info!(id, %text, ?text, number = 1, "spawn({}) of {text}", id);
    tracing::Span::current().record("id", id);
    let span = tracing::info_span!("inner", n = id + 1);
    let _entered = span.enter();
    tracing::debug!(target: "other", { n = 1 }, "drop");
    Ok(id)
}

/// Below the attribute of another.
#[tracing::instrument]
#[no_detach]
pub async fn below_another(id: u64) -> Result<u64> {
    check(id > 0)?;
    fetch(id).await
}

macro_rules! guarded {
    ($(#[$attr:meta])* $name:ident($($arg:ident: $ty:ty),*) -> $out:ty $body:block) => {
        $(#[$attr])*
        #[no_detach]
        pub async fn $name($($arg: $ty),*) -> $out $body
    };
}

guarded! {
    /// A function that a macro writes.
    written_by_a_macro(id: u64, other: u64) -> Result<u64> {
        let handle = tokio::spawn(fetch(id));
        let other = fetch(other).await;
        Ok(handle.await?? + other?)
    }
}

macro_rules! generated {
    ($($name:ident => $value:expr),* $(,)?) => { $(
        /// One of many that a macro writes.
        #[no_detach]
        pub async fn $name(list: &mut Vec<u64>) {
            let value = $value;
            list.push(value);
            work().await;
        }
    )* };
}

generated! { gives_one => 1, gives_two => 1 + 1 }

/// A macro with blocks, repetitions and labels.
#[no_detach]
pub fn with_blocks(numbers: &[u64]) -> Option<u64> {
    macro_rules! first {
        ($label:lifetime: $n:ident in $list:expr => $($body:tt)*) => {
            $label: {
                for $n in $list {
                    if $($body)* {
                        break $label Some(*$n);
                    }
                }
                None
            }
        };
    }
    first!('a: n in numbers => *n > 3 && *n < 9)
}
