//! One crate: its baseline, its functions, and what the guard says about them.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Result, bail, ensure};

use crate::{
    check::{Error, check},
    copy::Sources,
    crates::Crate,
    functions::{self, Function},
};

pub(crate) struct Trial {
    pub(crate) functions: usize,
    /// What the guard says.
    pub(crate) reports: Vec<Finding>,
    /// What the language says, and did not say without the guard.
    pub(crate) new_errors: Vec<Finding>,
    /// Compiled, and with no function that could be read.
    pub(crate) unread: Vec<PathBuf>,
    /// Of the crate alone, without its dependencies: untouched, and with the attributes.
    pub(crate) times: (Duration, Duration),
}

pub(crate) struct Finding {
    /// `src/lib.rs:7`
    pub(crate) place: String,
    pub(crate) lines: Vec<String>,
    pub(crate) message: String,
}

/// The files that the compiler reads.
type Files = BTreeMap<PathBuf, Source>;

struct Source {
    text: String,
    functions: Vec<Function>,
}

pub(crate) fn run(krate: &Crate, sources: &Sources, target: &Path) -> Result<Trial> {
    let copy = sources.copy(krate)?;
    let check = || check(krate, &copy, target);
    // The first builds the dependencies, the second tells the time.
    let compiled = check()?;
    if let Some(error) = compiled.errors.first() {
        bail!("it does not compile without the guard: {}", error.rendered);
    }
    let mut files = Files::new();
    let mut unread = Vec::new();
    for file in compiled.files {
        let text = fs::read_to_string(copy.join(&file))?;
        match functions::find(&text) {
            Ok(functions) => drop(files.insert(file, Source { text, functions })),
            Err(_) => unread.push(file),
        }
    }
    let functions = count(&files);
    ensure!(functions > 0, "the compiler lists no sources");
    write(&files, &copy, |source| source.text.clone())?;
    let start = Instant::now();
    check()?;
    let untouched = start.elapsed();

    // An error may hide others, in its function and in the compiler's later phases: without the
    // functions that have one, the rest must compile to the end.
    let mut errors = Vec::new();
    let mut guarded = None;
    loop {
        write(&files, &copy, |source| {
            functions::attribute(&source.text, &source.functions)
        })?;
        let start = Instant::now();
        let found = check()?.errors;
        guarded.get_or_insert_with(|| start.elapsed());
        let left = count(&files);
        take_off(&mut files, &found);
        errors.extend(found);
        if count(&files) == left {
            break;
        }
    }
    let rendered: String = errors.iter().map(|error| &*error.rendered).collect();
    fs::write(copy.with_extension("errors"), rendered)?;
    let (reports, new_errors): (Vec<_>, Vec<_>) = errors.into_iter().partition(Error::is_report);
    let find = |errors: Vec<Error>| errors.into_iter().map(|e| finding(e, &files)).collect();
    Ok(Trial {
        functions,
        reports: find(reports),
        new_errors: find(new_errors),
        unread,
        times: (untouched, guarded.unwrap_or_default()),
    })
}

fn count(files: &Files) -> usize {
    files.values().map(|source| source.functions.len()).sum()
}

fn write(files: &Files, copy: &Path, text: impl Fn(&Source) -> String) -> Result<()> {
    for (file, source) in files {
        fs::write(copy.join(file), text(source))?;
    }
    Ok(())
}

/// Leaves the attribute out where an error is.
fn take_off(files: &mut Files, errors: &[Error]) {
    for (file, line, _) in errors.iter().filter_map(|error| error.place.as_ref()) {
        if let Some(source) = files.get_mut(file) {
            source
                .functions
                .retain(|function| !function.lines.contains(line));
        }
    }
}

fn finding(error: Error, files: &Files) -> Finding {
    let Some((file, first, last)) = error.place else {
        return Finding {
            place: "nowhere".to_owned(),
            lines: Vec::new(),
            message: error.message,
        };
    };
    let text = files.get(&file).map_or("", |source| &source.text);
    let lines = text.lines().skip(first - 1).take(last - first + 1);
    Finding {
        place: format!("{}:{first}", file.display()),
        lines: lines.map(|line| line.trim().to_owned()).collect(),
        message: error.message,
    }
}
