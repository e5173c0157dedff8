//! Blocks that end in a statement which never returns, so that they have every type.

use tethered::no_detach;

/// An arm beside one with a value.
#[no_detach]
pub fn match_arm(result: Result<u8, String>) -> u8 {
    match result {
        Ok(value) => value,
        Err(error) => {
            fail(&error);
        }
    }
}
/// A branch beside one with a value.
#[no_detach]
pub fn else_branch(value: Option<u8>) -> u8 {
    let value = if let Some(value) = value {
        value
    } else {
        fail("none");
    };
    value
}
/// The `else` of a `let`.
#[no_detach]
pub fn let_else(value: Option<u8>) -> u8 {
    let Some(value) = value else {
        std::process::exit(1);
    };
    value
}
/// A whole body.
#[no_detach]
pub fn body_that_fails(value: u8) -> u8 {
    fail(&value.to_string());
}
/// A body of type `!`.
#[no_detach]
pub fn never_returns(value: u8) -> ! {
    fail(&value.to_string());
}
/// A closure that stands for a value.
#[no_detach]
pub fn closure_that_fails(value: Option<u8>) -> u8 {
    value.unwrap_or_else(|| {
        fail("none");
    })
}
/// In an async body.
#[no_detach]
pub async fn resumes(value: Option<u8>) -> Result<u8, String> {
    match value {
        Some(value) => Ok(value),
        None => {
            std::panic::resume_unwind(Box::new(1));
        }
    }
}

/// Leaves.
pub struct Usage;
impl Usage {
    /// See there.
    pub fn leave(&self) -> ! {
        panic!()
    }
    /// See there.
    pub fn exit(self) -> ! {
        panic!()
    }
    /// See there.
    pub fn note(&self) {}
}
/// A method in an arm.
#[no_detach]
pub fn arm(r: Result<u8, Usage>) -> u8 {
    match r {
        Ok(v) => v,
        Err(u) => {
            u.leave();
        }
    }
}
/// A method in a branch.
#[no_detach]
pub fn branch(r: Option<u8>, u: &Usage) -> u8 {
    let v = if let Some(v) = r {
        v
    } else {
        u.leave();
    };
    v
}
/// A method in a closure.
#[no_detach]
pub fn closure(r: Result<u8, Usage>) -> u8 {
    r.unwrap_or_else(|u| {
        u.exit();
    })
}
/// A method of the crate's own in a closure.
#[no_detach]
pub fn closure_own(r: Result<u8, Usage>) -> u8 {
    r.unwrap_or_else(|u| {
        u.leave();
    })
}
/// A method in the `else` of a `let`.
#[no_detach]
pub fn else_(r: Option<u8>, u: &Usage) -> u8 {
    let Some(v) = r else {
        u.note();
        u.leave();
    };
    v
}
/// A closure as the function.
#[no_detach]
pub fn local_closure(r: Option<u8>) -> u8 {
    let die = |text: &str| -> ! { panic!("{text}") };
    let Some(v) = r else {
        die("x");
    };
    let w = match r {
        Some(w) => w,
        None => {
            die("y");
        }
    };
    v + w
}
/// A pointer as the function.
#[no_detach]
pub fn pointer(r: Option<u8>, die: fn(&str) -> !) -> u8 {
    let Some(v) = r else {
        die("x");
    };
    v
}
/// A method as the whole body.
#[no_detach]
pub fn body(u: &Usage) -> u8 {
    u.leave();
}
/// A method in an async body.
#[no_detach]
pub async fn in_async(u: &Usage, r: Option<u8>) -> Result<u8, String> {
    match r {
        Some(v) => Ok(v),
        None => {
            u.leave();
        }
    }
}
/// A method in an async block.
#[no_detach]
pub async fn block(u: Usage, r: Option<u8>) -> u8 {
    let task = async move {
        let Some(v) = r else {
            u.leave();
        };
        v
    };
    task.await
}
#[allow(unsafe_code)]
unsafe fn gone() -> ! {
    panic!()
}
/// Unsafe functions.
#[allow(unsafe_code)]
#[no_detach]
pub fn unsafes(r: Option<u8>) -> u8 {
    let Some(v) = r else { unsafe { gone() } };
    let Some(w) = r else {
        unsafe {
            gone();
        }
    };
    let x = match r {
        Some(x) => x,
        None => unsafe {
            gone();
        },
    };
    let y = match r {
        Some(y) => y,
        None => unsafe {
            gone();
        },
    };
    v + w + x + y
}
macro_rules! die {
    ($t:expr) => {
        fail($t)
    };
}
fn fail(t: &str) -> ! {
    panic!("{t}")
}
/// A macro that fails.
#[no_detach]
pub fn macros(r: Option<u8>) -> u8 {
    let Some(v) = r else {
        die!("x");
    };
    let Some(w) = r else { die!("x") };
    let x = match r {
        Some(x) => x,
        None => {
            die!("y");
        }
    };
    let y = r.unwrap_or_else(|| {
        die!("z");
    });
    v + w + x + y
}
/// Branches inside branches.
#[no_detach]
pub fn nested(r: Option<u8>, loud: bool) -> u8 {
    let v = match r {
        Some(v) => v,
        None => {
            if loud {
                fail("loud");
            } else {
                fail("quiet");
            }
        }
    };
    let Some(w) = r else {
        if loud {
            fail("loud");
        } else {
            fail("quiet");
        }
    };
    let Some(x) = r else {
        match loud {
            true => fail("loud"),
            false => {
                fail("quiet");
            }
        }
    };
    let y = loop {
        if let Some(y) = r {
            break y;
        }
        fail("none");
    };
    v + w + x + y
}
async fn never(t: &str) -> ! {
    panic!("{t}")
}
/// Futures that never come.
#[no_detach]
pub async fn awaits(r: Option<u8>) -> u8 {
    let Some(_) = r else {
        never("x").await;
    };
    let w = match r {
        Some(w) => w,
        None => {
            never("x").await;
        }
    };
    if w == 7 {
        never("y").await;
    }
    never("z").await;
}
/// A future that never comes, in a block.
#[no_detach]
pub async fn serve(r: Option<u8>) {
    let f = async {
        never("z").await;
    };
    if r.is_some() {
        f.await;
    }
    fail("s");
}
extern "C" fn c_abi(_: u8) {}
extern "C" fn c_dies(_: u8) -> ! {
    std::process::abort()
}
/// Functions of another ABI.
#[no_detach]
pub fn abi(r: Option<u8>) -> u8 {
    c_abi(1);
    let Some(v) = r else {
        c_dies(2);
    };
    v
}
/// Many arguments.
#[no_detach]
pub fn many(r: Option<u8>) -> u8 {
    fn nine(_: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8, _: u8) -> ! {
        panic!()
    }
    let Some(v) = r else {
        nine(1, 2, 3, 4, 5, 6, 7, 8, 9);
    };
    v
}
/// What the value borrows lives to the end of the statement.
#[no_detach]
pub fn entries(names: Vec<String>) -> usize {
    let counts = std::sync::Mutex::new(std::collections::HashMap::new());
    names.iter().for_each(|name| {
        counts.lock().unwrap().entry(name.clone()).or_insert(0);
    });
    names.into_iter().for_each(|name| {
        *counts.lock().unwrap().entry(name).or_insert(0) += 1;
    });
    let all = counts.into_inner().unwrap();
    all.len()
}
