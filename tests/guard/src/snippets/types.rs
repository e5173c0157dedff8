//! What is left to type inference, and coercions.

use std::{collections::HashMap, error::Error, fmt::Debug, sync::Arc};

use tethered::no_detach;

use super::support::{Result, fetch, work};

/// A default whose type comes later.
#[no_detach]
pub fn default() -> u64 {
    let d = Default::default();
    let n: u64 = d;
    let d = Default::default();
    let _: u64 = d;
    n
}

/// Numbers of no type.
#[no_detach]
pub fn numbers() -> f32 {
    let _ = 1;
    let _n = 3;
    let _ = 0.5;
    let total = 1 + 2;
    let mut sum = 0.0;
    for n in 0..total {
        sum += n as f32;
    }
    let _ = -1;
    sum
}

/// Their type comes from a later call.
#[no_detach]
pub fn later_calls() -> Result<usize> {
    fn take_u8(n: u8) -> u8 {
        n
    }
    fn take_vec(list: Vec<String>) -> usize {
        list.len()
    }
    let n = 1;
    take_u8(n);
    let parsed = "2".parse()?;
    take_u8(parsed);
    let list = ["a"].iter().map(ToString::to_string).collect();
    let mut empty = Vec::new();
    empty.push(take_vec(list));
    let mut none = None;
    if n > 1 {
        none = Some(take_u8(1));
    }
    let _ = none;
    let text = "a".into();
    let len = take_vec(vec![text]);
    let map = HashMap::new();
    let _: &HashMap<u8, u8> = &map;
    Ok(len + empty.len())
}

/// Closures whose arguments get their types later.
#[no_detach]
pub fn closures() -> u64 {
    let add = |a, b| a + b;
    let _ = |x: u8| x;
    let unused = || 1;
    let _ = unused;
    let id = |x| x;
    let _ = id("a");
    let mut count = 0;
    let mut bump = || count += 1;
    bump();
    bump();
    add(1_u64, count)
}

/// Values of no use.
#[no_detach]
pub fn of_no_use() {
    let _ = None::<u8>;
    let _ = ();
    let _: [u8; 0] = [];
    let _ = [0_u8; 4];
    let _: Vec<u8> = vec![];
    let _ = "a";
    let _ = 'a';
    let _ = (1, "a", [1.0]);
    let _ = 0..3;
    let _ = &1;
    let _ = String::new;
    let _ = Some::<u8>;
    let _ = vec![1].into_iter().map(|n| n + 1);
    let _ = fetch;
}

/// Coercions where a type is written.
#[no_detach]
pub fn coercions() -> Result<usize> {
    let object: &dyn Debug = &1;
    let boxed: Box<dyn Fn(u8) -> u8> = Box::new(|n| n);
    let error: Box<dyn Error> = "a".into();
    let function: fn(u8) -> u8 = |n| n + 1;
    let slice: &[u8] = &[1, 2];
    let shared: Arc<dyn Debug + Send + Sync> = Arc::new("a");
    let text: &str = &String::from("text");
    let cow: std::borrow::Cow<'_, str> = text.into();
    let array: [Box<dyn Debug>; 2] = [Box::new(1), Box::new("a")];
    let maybe: Option<Box<dyn Debug>> = Some(Box::new(1));
    let fun: &mut dyn FnMut() =
        &mut || println!("{object:?} {error} {shared:?} {array:?} {maybe:?}");
    fun();
    let _: &dyn Debug = &2;
    let _: Box<dyn Error + Send + Sync> = "b".into();
    let _: fn() = || ();
    let _x: &[u8] = &vec![3];
    Ok(usize::from(boxed(function(slice[0]))) + cow.len())
}

/// Temporaries that live as long as their names.
#[no_detach]
pub async fn temporaries() -> usize {
    let text = &String::from("text");
    let pair = (&String::from("a"), &mut vec![1]);
    pair.1.push(2);
    let some = Some(&text[..]);
    let block = &{
        let x = 1;
        x + 1
    };
    let string = &mut String::new();
    string.push('a');
    work().await;
    text.len() + pair.0.len() + pair.1.len() + some.map_or(0, str::len) + *block + string.len()
}

/// Places that are not moved.
#[no_detach]
pub fn places(pair: &(String, Vec<String>), boxed: Box<(String, String)>) -> String {
    let _ = pair.0;
    let _ = pair.1[0];
    let _ = *pair;
    let _ = *"text";
    let (ref a, _) = *pair;
    match pair.1[..] {
        [ref first, ..] => println!("{first}"),
        [] => {}
    }
    let len = a.len();
    let _ = boxed.0;
    let (left, right) = *boxed;
    let _ = left;
    let mut all = [left, right];
    let _ = all[len % 2];
    std::mem::take(&mut all[0])
}

/// Locks and borrows, each as long as it should be.
#[no_detach]
pub async fn locks(
    number: &std::sync::Mutex<Vec<u64>>,
    other: &tokio::sync::Mutex<u64>,
) -> Result<u64> {
    number.lock().unwrap().push(1);
    let last = {
        let mut list = number.lock().unwrap();
        list.push(2);
        list.pop()
    };
    let _ = number.lock().map(|list| list.len());
    *other.lock().await += last.unwrap_or(0);
    let guard = other.lock().await;
    let copy = *guard;
    drop(guard);
    match number.lock().unwrap().last() {
        Some(last) => Ok(copy + last),
        None => Ok(0),
    }
}

/// Values that are assigned to in every way.
#[no_detach]
pub fn assigned() -> (u64, u64) {
    let (mut a, mut b) = (1, 2);
    (a, b) = (b, a);
    [a, _] = [a + b, 0];
    struct Point {
        x: u64,
        y: u64,
    }
    let mut point = Point { x: 1, y: 2 };
    Point { x: b, .. } = point;
    point.x += a;
    (point.x, point.y) = (point.y, point.x);
    _ = std::fs::remove_file("/nonexistent/file");
    let r = &mut a;
    *r += 1;
    let c;
    c = b;
    (a + c, point.x + point.y)
}

/// Generic values that are dropped.
#[no_detach]
pub fn generic_values<T: Default, I: Iterator<Item = T>>(
    value: T,
    mut items: I,
    f: impl FnOnce() -> T,
) -> Vec<T> {
    let _ = T::default();
    items.next();
    f();
    let _first = items.next();
    drop(value);
    let rest: Vec<T> = items.collect();
    std::convert::identity(rest)
}
