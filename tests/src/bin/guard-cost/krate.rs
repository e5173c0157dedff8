//! The generated crates: the same 300 functions, with the attribute on some of them.

use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

use crate::functions::FUNCTIONS;

const MODULES: usize = 15;
const IN_A_MODULE: usize = 20;
pub(crate) const ALL: usize = MODULES * IN_A_MODULE;

const IMPORTS: &str = "\
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::{Duration, Instant},
};

use tethered::spawn_tracked;
use tokio::time::{sleep, timeout};
use tracing::{debug, info, warn};

use crate::support::{Error, Line, Order, Status, Store, Summary, audit, check, notify, total};
";

/// Which functions have which attribute.
pub(crate) struct Variant {
    pub(crate) name: &'static str,
    pub(crate) attribute: &'static str,
    /// One in a module or all of them.
    pub(crate) annotated: usize,
    /// Most CPU time it may take, of what the crate without attributes takes.
    pub(crate) goal: Option<f64>,
}

pub(crate) const VARIANTS: [Variant; 4] = [
    Variant {
        name: "bare",
        attribute: "",
        annotated: 0,
        goal: None,
    },
    Variant {
        name: "some",
        attribute: "no_detach",
        annotated: MODULES,
        goal: Some(1.10),
    },
    Variant {
        name: "every",
        attribute: "no_detach",
        annotated: ALL,
        goal: Some(1.60),
    },
    Variant {
        name: "handlers",
        attribute: "serverless_handler",
        annotated: MODULES,
        goal: None,
    },
];

/// A workspace of all variants and of the program, which thus share their dependencies.
pub(crate) fn write_workspace(root: &Path, repository: &Path) -> io::Result<()> {
    let names = VARIANTS
        .map(|variant| format!("{:?}, ", variant.name))
        .concat();
    let runtime = repository.join("runtime").display().to_string();
    put(
        &root.join("Cargo.toml"),
        &format!(
            "[workspace]\nmembers = [{names}\"program\"]\nresolver = \"3\"\n\n\
             [workspace.dependencies]\ntethered = {{ path = {runtime:?} }}\n\
             tokio = {{ version = \"1\", features = [\"macros\", \"rt\", \"sync\", \"time\"] }}\n\
             tracing = {{ version = \"0.1\", default-features = false, features = [\"std\"] }}\n"
        ),
    )?;
    // The same versions as everywhere, and nothing to download.
    fs::copy(repository.join("Cargo.lock"), root.join("Cargo.lock"))?;
    for variant in &VARIANTS {
        write_manifest(root, variant.name)?;
        let src = root.join(variant.name).join("src");
        put(&src.join("support.rs"), include_str!("support.rs"))?;
        let mut modules = String::from("//! Generated.\n\npub mod support;\n");
        for module in 0..MODULES {
            writeln!(modules, "pub mod part_{module:02};").expect("a string takes all");
            put(
                &src.join(format!("part_{module:02}.rs")),
                &source(module, variant),
            )?;
        }
        put(&src.join("lib.rs"), &modules)?;
    }
    write_manifest(root, "program")
}

/// The program, with the attribute or with as many spaces: every other byte is where it was.
pub(crate) fn write_program(root: &Path, guarded: bool) -> io::Result<PathBuf> {
    let attribute = "#[no_detach]";
    let instead = if guarded { attribute } else { "            " };
    let text = include_str!("program.rs").replace(attribute, instead);
    let text = format!("#![allow(unused_imports)]\n{text}");
    let file = root.join("program/src/main.rs");
    put(&file, &text)?;
    Ok(file)
}

fn write_manifest(root: &Path, name: &str) -> io::Result<()> {
    put(
        &root.join(name).join("Cargo.toml"),
        &format!(
            "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\npublish = false\n\n\
             [dependencies]\ntethered.workspace = true\ntokio.workspace = true\n\
             tracing.workspace = true\n"
        ),
    )
}

fn source(module: usize, variant: &Variant) -> String {
    // Another template in each module.
    let one = module * 7 % IN_A_MODULE;
    let mut text = format!("#![allow(unused_imports)]\n{IMPORTS}");
    for index in 0..IN_A_MODULE {
        let number = module * IN_A_MODULE + index;
        let function = FUNCTIONS[number % FUNCTIONS.len()]
            .replace("NN", &format!("{number:03}"))
            .replace("KK", &(number * 7 % 13 + 2).to_string());
        let annotated = variant.annotated == ALL || variant.annotated == MODULES && index == one;
        if annotated {
            write!(text, "\n#[tethered::{}]", variant.attribute).expect("a string takes all");
        } else {
            text.push('\n');
        }
        text.push_str(&function);
    }
    text
}

fn put(file: &Path, text: &str) -> io::Result<()> {
    fs::create_dir_all(file.parent().expect("a file is in a directory"))?;
    fs::write(file, text)
}
