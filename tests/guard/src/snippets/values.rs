//! Values that are no work, and whose end is nobody's loss.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    mem,
};

use tethered::no_detach;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::support::{Error, Result, audit, check, fetch, store, work};

/// Results that are not wanted.
#[no_detach]
pub fn unwanted_results(list: &mut Vec<u64>) {
    let _ = fs::remove_file("/nonexistent/file");
    let _ = writeln!(io::stderr(), "text");
    fs::remove_file("/nonexistent/file").ok();
    list.pop();
    let _ = list.iter().sum::<u64>();
    list.drain(..);
    let _ = list.first();
    list.first_mut().map(|n| *n += 1);
    let _removed: Option<u64> = list.pop();
}

/// Results of writing.
#[no_detach]
pub fn writing(path: &str) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "text")?;
    write!(&mut file, "{}", 1)?;
    file.flush()?;
    drop(file);
    let _ = fs::remove_file(path);
    Ok(())
}

/// Asynchronous reading and writing.
#[no_detach]
pub async fn asynchronous_io() -> Result<Vec<u8>> {
    let (mut client, mut server) = tokio::io::duplex(64);
    client.write_all(b"text").await?;
    let _ = client.write(b"!").await?;
    client.shutdown().await?;
    let mut out = Vec::new();
    server.read_to_end(&mut out).await?;
    let _ = tokio::fs::remove_file("/nonexistent/file").await;
    Ok(out)
}

/// `drop` and `forget` of values.
#[no_detach]
pub fn ended() {
    let text = String::from("text");
    drop(text);
    drop((String::new(), vec![1]));
    mem::forget(String::new());
    std::mem::drop(vec![String::new()]);
    vec!["a".to_owned()].into_iter().for_each(drop);
    let _ = ["a"].into_iter().map(drop).count();
    (0..3).map(|n| n * 2).for_each(|_| {});
    let guard = Box::new(1);
    Box::leak(guard);
}

/// Iterators of numbers.
#[no_detach]
pub fn iterators(numbers: &[u64]) -> u64 {
    let doubled = numbers.iter().map(|n| n * 2);
    let pairs: Vec<(usize, u64)> = doubled.clone().enumerate().collect();
    let (even, odd): (Vec<u64>, Vec<u64>) = numbers.iter().partition(|n| *n % 2 == 0);
    let by: HashMap<_, _> = pairs.into_iter().collect();
    let _ = numbers.iter().map(|n| n + 1);
    let mut sorted = numbers.to_vec();
    sorted.sort_by_key(|n| std::cmp::Reverse(*n));
    sorted.dedup();
    doubled.sum::<u64>() + even.len() as u64 + odd.len() as u64 + by.len() as u64
}

/// Literals of structs, in every place.
#[no_detach]
pub fn struct_literals(flag: bool) -> bool {
    #[derive(Clone, Default, PartialEq)]
    struct Options {
        name: String,
        limit: Option<u64>,
        nested: (u8, [u8; 2]),
    }
    let name = String::new();
    let base = Options {
        name,
        ..Default::default()
    };
    let other = Options {
        limit: Some(1),
        ..base.clone()
    };
    let _ = Options {
        limit: None,
        ..other.clone()
    };
    if base
        == (Options {
            limit: None,
            ..Options::default()
        })
    {
        return flag;
    }
    match (Options {
        nested: (1, [2, 3]),
        ..base
    }) {
        Options { limit: Some(_), .. } => true,
        Options {
            nested: (_, [a, _]),
            ..
        } => a == 2,
    }
}

/// A builder.
#[no_detach]
pub async fn builder() -> Result<String> {
    #[derive(Default)]
    struct Request {
        url: String,
        headers: Vec<(&'static str, String)>,
    }
    impl Request {
        fn url(mut self, url: &str) -> Self {
            self.url = url.into();
            self
        }
        fn header(&mut self, name: &'static str, value: impl ToString) -> &mut Self {
            self.headers.push((name, value.to_string()));
            self
        }
        async fn send(self) -> Result<String> {
            fetch(self.headers.len() as u64).await?;
            Ok(self.url)
        }
    }
    let mut request = Request::default().url("http://localhost");
    request.header("a", 1).header("b", "two");
    if cfg!(test) {
        request.header("c", 3);
    }
    request.send().await
}

/// Declared first, set later.
#[no_detach]
pub async fn set_later(flag: bool) -> Result<u64> {
    let value;
    let text: String;
    if flag {
        value = fetch(1).await?;
        text = "a".into();
    } else {
        value = 0;
        text = String::new();
    }
    let fut;
    fut = audit(&text);
    Ok(value + fut.await as u64)
}

/// Arms that await.
#[no_detach]
pub async fn arms(kind: &str) -> Result<u64> {
    let value = match kind {
        "fetch" => fetch(1).await?,
        "spawn" => tokio::spawn(fetch(2)).await??,
        "store" => {
            store(3).await?;
            3
        }
        other if other.is_empty() => return Err("empty".into()),
        other => audit(other).await as u64,
    };
    if let Ok(n) = fetch(value).await {
        return Ok(n);
    } else if let Some(c) = kind.chars().next() {
        return Ok(u64::from(u32::from(c)));
    }
    while let Err(error) = store(1).await {
        eprintln!("{error}");
    }
    Ok(0)
}

/// `?` in closures.
#[no_detach]
pub fn question_marks_in_closures(lines: &[&str]) -> Result<Vec<u64>> {
    let all = lines
        .iter()
        .map(|line| {
            let n = line.trim().parse::<u64>()?;
            check(n > 0)?;
            Ok(n)
        })
        .collect::<Result<Vec<_>>>()?;
    let last = lines
        .last()
        .and_then(|line| line.chars().next()?.to_digit(10));
    let _ = last;
    Ok(all)
}

/// Statements under `cfg`.
#[no_detach]
pub async fn configured() -> u64 {
    #[cfg(any())]
    tokio::spawn(work());
    #[cfg(any())]
    let value = "never";
    #[cfg(not(any()))]
    let value = 1;
    #[cfg(any())]
    {
        return 0;
    }
    #[cfg(unix)]
    work().await;
    #[cfg(debug_assertions)]
    println!("debug");
    let pair = Pair {
        #[cfg(any())]
        x: 0,
        #[cfg(not(any()))]
        x: 1,
        y: value,
    };
    match pair.x {
        #[cfg(any())]
        0 => 0,
        _ => {
            pair.y
                + [
                    1,
                    #[cfg(any())]
                    2,
                    3,
                ]
                .len() as u64
        }
    }
}

struct Pair {
    x: u64,
    y: u64,
}

/// Statements under other attributes.
#[no_detach]
pub async fn attributes() -> u64 {
    #![allow(clippy::identity_op)]
    #[allow(unused_variables)]
    let unused = 1;
    #[expect(unused_variables)]
    let also_unused = String::new();
    #[expect(unused_must_use)]
    fs::remove_file("/nonexistent/file");
    #[expect(unused_mut, reason = "as it was found")]
    let mut value = 1;
    #[rustfmt::skip]
    let matrix = [
        1, 0,
        0, 1,
    ];
    #[allow(clippy::let_unit_value)]
    let _unit = work().await;
    #[allow(unreachable_code)]
    {
        value + matrix[0] + 0
    }
}

/// Expectations about the whole function.
#[no_detach]
#[expect(unused_variables, unused_mut, unused_assignments)]
pub async fn expectations(mut unused: u64) {
    let mut never = 1;
    never = 2;
    let other = || 1;
}

/// Expectations that are met inside of a closure and of a block.
#[no_detach]
pub async fn inner_expectations() {
    let run = || {
        #[expect(unused_must_use)]
        check(true);
    };
    run();
    async {
        #[expect(unused_variables)]
        let x = 1;
    }
    .await;
    #[expect(dead_code)]
    fn never_called() {}
    #[expect(unused_imports)]
    use std::collections::BTreeMap;
}

/// Long chains.
#[no_detach]
pub async fn chains(text: &str) -> Result<String> {
    let first = text
        .lines()
        .next()
        .ok_or_else(|| Error::from("empty"))?
        .split(',')
        .map(str::trim)
        .find(|s| !s.is_empty());
    let n = first.map(str::len).unwrap_or_default();
    let out = fetch(n as u64)
        .await
        .map(|n| n.to_string())
        .unwrap_or_else(|error| error.to_string());
    store(1)
        .await
        .inspect_err(|error| eprintln!("{error}"))
        .ok();
    Ok(out + ";")
}

/// Values in loops.
#[no_detach]
pub async fn loops() -> u64 {
    let mut n = 0;
    let found = loop {
        n += 1;
        if n > 3 {
            break n;
        }
    };
    let mut numbers = vec![1, 2];
    while let Some(number) = numbers.pop() {
        n += number;
    }
    for (i, c) in "text".char_indices().rev() {
        let _ = (i, c);
    }
    let _ = 'a: {
        if n > 3 {
            break 'a 1;
        }
        2
    };
    n + found
}
