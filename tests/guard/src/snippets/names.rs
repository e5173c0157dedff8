//! Names that look like others.

#[allow(clippy::module_inception)]
pub mod shadowed_crates {
    //! Modules with the names of crates.

    use tethered::no_detach;

    mod tokio {
        pub(super) fn spawn(n: u8) -> u8 {
            n
        }
        pub(super) mod task {
            pub(in super::super) fn spawn_blocking(_: impl FnOnce()) {}
        }
    }
    mod rayon {
        pub(super) fn spawn(f: impl FnOnce()) {
            f();
        }
    }

    /// Its own `tokio`, its own `rayon`.
    #[no_detach]
    pub fn own_crates() -> u8 {
        tokio::spawn(1);
        let _ = tokio::spawn(2);
        tokio::task::spawn_blocking(|| ());
        rayon::spawn(|| println!("now"));
        tokio::spawn(4)
    }
}

use std::{collections::HashMap, sync::Mutex};

use tethered::no_detach;
use tokio::task::JoinHandle;

use super::support::{Result, fetch, work};

static KEPT: Mutex<Vec<JoinHandle<()>>> = Mutex::new(Vec::new());

/// A `drop`, a `forget` and a `spawn` of its own.
#[no_detach]
pub fn own_functions() {
    fn drop(handle: JoinHandle<()>) {
        KEPT.lock().unwrap().push(handle);
    }
    fn forget<T>(value: T) -> T {
        value
    }
    fn spawn(n: u8) -> u8 {
        n + 1
    }
    let handle = tokio::spawn(work());
    drop(handle);
    spawn(1);
    let _ = spawn(2);
    let handle = forget(tokio::spawn(work()));
    drop(handle);
}

/// Imported under the names of others.
#[no_detach]
pub fn imported() {
    use imported::{exit as spawn, rayon_spawn};
    spawn();
    rayon_spawn();
    imported::rayon::spawn(|| ());
}

mod imported {
    pub(super) fn exit() {}
    pub(super) fn rayon_spawn() {}
    pub(super) mod rayon {
        pub(in super::super) fn spawn(_: fn()) {}
    }
}

/// Variables.
#[no_detach]
pub fn variables() -> u64 {
    struct App;
    impl App {
        fn spawn(&self, n: u64) -> u64 {
            n
        }
    }
    let tokio = App;
    tokio.spawn(1);
    let spawn = |n: u64| n + 1;
    spawn(2);
    let drop = spawn(3);
    let join = drop;
    let select = [join];
    select[0]
}

/// Arguments.
#[no_detach]
pub fn arguments(spawn: impl Fn(u64) -> u64, drop: fn(JoinHandle<()>)) -> u64 {
    spawn(1);
    drop(tokio::spawn(work()));
    let handle = tokio::spawn(work());
    drop(handle);
    spawn(2)
}

/// Fields.
pub struct Hooks {
    /// Called to start.
    pub spawn: fn(u64),
    /// Called to end.
    pub drop: Box<dyn Fn(JoinHandle<()>) + Send + Sync>,
}

#[no_detach]
impl Hooks {
    /// Calls both.
    pub fn call(&self) {
        (self.spawn)(1);
        (self.drop)(tokio::spawn(work()));
        let Self { spawn, drop } = self;
        spawn(2);
        drop(tokio::spawn(work()));
    }
}

/// A world, in which things are spawned.
#[derive(Default)]
pub struct World(Vec<(u8, u8)>);

#[no_detach]
impl World {
    /// Puts one into the world.
    pub fn spawn(&mut self, thing: (u8, u8)) -> usize {
        self.0.push(thing);
        self.0.len()
    }

    /// Takes it from its parent, as a node of a tree is taken.
    pub fn detach(&mut self) -> Option<(u8, u8)> {
        self.0.pop()
    }

    /// Uses both.
    pub fn tick(&mut self) {
        self.spawn((1, 2));
        let _ = self.spawn((3, 4));
        Self::spawn(self, (5, 6));
        self.detach();
        let _ = self.detach();
    }
}

/// The same from outside.
#[no_detach]
pub fn world_and_child() -> Result {
    let mut world = World::default();
    world.spawn((1, 1));
    world.detach();
    let mut child = std::process::Command::new("true").spawn()?;
    child.wait()?;
    Ok(())
}

/// A child process of tokio's.
#[no_detach]
pub async fn child_process() -> Result {
    let mut child = tokio::process::Command::new("true").spawn()?;
    let status = child.wait().await?;
    tokio::process::Command::new("true")
        .kill_on_drop(true)
        .spawn()?
        .wait()
        .await?;
    tokio::process::Command::new("true").status().await?;
    assert!(status.success());
    Ok(())
}

/// Types that are called as others.
#[no_detach]
pub fn types() -> usize {
    #[derive(Default)]
    struct JoinSet(u8);
    struct JoinHandle;
    struct FuturesUnordered;
    struct Option(u8);
    let _set = JoinSet::default();
    let set = JoinSet(1);
    let _ = JoinHandle;
    let _futs = FuturesUnordered;
    let option = Option(1);
    usize::from(set.0 + option.0)
}

/// Names of a prelude, and of what a macro might use.
#[no_detach]
#[allow(non_snake_case)]
pub async fn odd_names(__v: u64, ret: u64, tethered: u64) -> Result<u64> {
    let (r, v, value, body, result, checked, copy) = (1, 2, 3, 4, 5, 6, 7);
    let __r = __v + ret + tethered;
    let Ret = r + v + value + body + result + checked + copy;
    let _ = __r;
    fetch(__r + Ret).await
}

/// Generics with the names of others.
#[no_detach]
#[allow(non_camel_case_types)]
pub fn generics<Code: Default, Why, Future: Fn() -> Why, tokio>(
    future: Future,
    tokio: tokio,
) -> (Code, Why, tokio) {
    let code = Code::default();
    (code, future(), tokio)
}

/// Names that need a mark.
#[no_detach]
pub async fn r#type(r#in: u64) -> Result<u64> {
    async fn r#match(r#fn: u64) -> Result<u64> {
        fetch(r#fn).await
    }
    let r#loop = r#match(r#in).await?;
    let r#async = tokio::spawn(r#match(r#loop));
    r#async.await?
}

/// Names of another alphabet.
#[no_detach]
pub async fn größe(straße: &str) -> usize {
    let länge = straße.len();
    let aufgabe = tokio::spawn(async move { länge });
    aufgabe.await.unwrap_or(länge)
}

/// Methods of maps and sets that are called as others.
#[no_detach]
pub fn registries(map: &mut HashMap<u64, JoinHandle<()>>) {
    map.insert(1, tokio::spawn(work()));
    let handle = tokio::spawn(work());
    map.insert(2, handle);
    if let Some(old) = map.insert(3, tokio::spawn(work())) {
        old.abort();
    }
    if let Some(old) = map.remove(&1) {
        old.abort();
    }
    map.retain(|_, handle| !handle.is_finished());
}
