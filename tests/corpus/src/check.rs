//! `cargo check` of a copy, and the errors that it ends in.

use std::{
    fs::{self, File},
    io::BufReader,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use anyhow::{Context, Result, bail};
use cargo_metadata::{
    Artifact, CompilerMessage, Message,
    diagnostic::{Diagnostic, DiagnosticLevel, DiagnosticSpan},
};

use crate::crates::Crate;

pub(crate) struct Checked {
    pub(crate) errors: Vec<Error>,
    /// The sources that the compiler read, relative to the copy; known where there is no error.
    pub(crate) files: Vec<PathBuf>,
}

pub(crate) struct Error {
    pub(crate) message: String,
    /// As a user would see it.
    pub(crate) rendered: String,
    /// The file, its first and its last line.
    pub(crate) place: Option<(PathBuf, usize, usize)>,
}

impl Error {
    /// Whether the guard says so, and not the language.
    pub(crate) fn is_report(&self) -> bool {
        ["detach", "lost", "the host may freeze the process"]
            .iter()
            .any(|words| self.message.contains(words))
    }
}

/// Warnings are no question here: a copy is no dependency, and would be warned about as none is.
pub(crate) fn check(krate: &Crate, copy: &Path, target: &Path) -> Result<Checked> {
    let log = copy.with_extension("stderr");
    let features: Vec<_> = krate.features().collect();
    let mut cargo = Command::new("cargo")
        .current_dir(copy)
        .args(["check", "--lib", "--quiet", "--message-format=json"])
        .args(["--no-default-features", "--features", &features.join(",")])
        .env("CARGO_TARGET_DIR", target)
        .env("CARGO_INCREMENTAL", "0")
        .env("RUSTFLAGS", "--cap-lints=allow")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .stdout(Stdio::piped())
        .stderr(File::create(&log)?)
        .spawn()?;
    let mut checked = Checked {
        errors: Vec::new(),
        files: Vec::new(),
    };
    let lines = BufReader::new(cargo.stdout.take().context("it is piped")?);
    for message in Message::parse_stream(lines) {
        match message? {
            Message::CompilerMessage(message) => checked.add(message, copy)?,
            Message::CompilerArtifact(artifact)
                if artifact.manifest_path.starts_with(copy)
                    && !artifact.target.is_custom_build() =>
            {
                checked.files.extend(files(&artifact, copy));
            }
            _ => {}
        }
    }
    if !cargo.wait()?.success() && checked.errors.is_empty() {
        bail!("cargo check failed: {}", fs::read_to_string(log)?);
    }
    Ok(checked)
}

impl Checked {
    fn add(&mut self, message: CompilerMessage, copy: &Path) -> Result<()> {
        let of = message.package_id;
        let Diagnostic {
            level,
            message,
            spans,
            rendered,
            ..
        } = message.message;
        if !matches!(level, DiagnosticLevel::Error | DiagnosticLevel::Ice)
            || message.starts_with("aborting due to")
        {
            return Ok(());
        }
        if !of.repr.contains(&*copy.to_string_lossy()) {
            bail!("{of} does not compile: {}", rendered.unwrap_or(message));
        }
        let span = spans.iter().find(|span| span.is_primary);
        self.errors.push(Error {
            rendered: rendered.unwrap_or_else(|| message.clone()),
            message,
            place: span.and_then(|span| place(span, copy)),
        });
        Ok(())
    }
}

/// In the crate's own text: where the span is in another crate's macro, its call.
fn place(span: &DiagnosticSpan, copy: &Path) -> Option<(PathBuf, usize, usize)> {
    let file = Path::new(&span.file_name);
    if file.is_relative() && copy.join(file).exists() {
        return Some((file.into(), span.line_start, span.line_end));
    }
    place(&span.expansion.as_ref()?.span, copy)
}

/// From the list of dependencies that the compiler leaves beside what it built.
fn files(artifact: &Artifact, copy: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for built in &artifact.filenames {
        let name = built.file_stem().unwrap_or_default();
        let list = built.with_file_name(format!("{}.d", name.trim_start_matches("lib")));
        let Ok(list) = fs::read_to_string(list) else {
            continue;
        };
        // Each file has a line of its own that makes it a target: `src/lib.rs:`.
        let sources = list.lines().filter_map(|line| line.strip_suffix(':'));
        files.extend(sources.map(PathBuf::from).filter(|file| {
            file.is_relative()
                && file.extension().is_some_and(|e| e == "rs")
                && copy.join(file).exists()
        }));
    }
    files
}
