//! What the guard costs: CPU time of `cargo check`, and bytes of a release binary.
//!
//! `guard-cost [ROUNDS]`. The variants take turns, and each is compared with the crate without
//! attributes of the same round, so that what else the machine does falls on both. It fails where
//! the whole 95% interval of the median misses a goal; where the goal is within the interval, there
//! are more rounds.

mod functions;
mod krate;
mod measure;
mod ratios;

use std::{env, fs, io, path::Path, process::ExitCode};

use self::{
    krate::{ALL, VARIANTS},
    ratios::{Ratios, Verdict},
};

/// Rounds at most, where a goal stays open.
const MOST: usize = 12;

fn main() -> io::Result<ExitCode> {
    let rounds = env::args()
        .nth(1)
        .map_or(Ok(7), |rounds| rounds.parse())
        .map_err(io::Error::other)?;
    let repository = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("..")
        .canonicalize()?;
    let target =
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository.join("target"), Into::into);
    let root = std::path::absolute(target.join("guard-cost"))?;
    krate::write_workspace(&root, &repository)?;
    krate::write_program(&root, true)?;
    let time = time(&root, rounds)?;
    let size = size(&root)?;
    Ok(if time && size {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Whether no goal is shown to be missed.
fn time(root: &Path, rounds: usize) -> io::Result<bool> {
    // Builds the dependencies.
    measure::check(root, VARIANTS[0].name)?;
    let mut taken = VARIANTS.map(|_| Vec::new());
    for round in 0.. {
        let is_open = |at: usize| {
            let ratios = Ratios::of(&taken[at], &taken[0]);
            let goal = VARIANTS[at].goal;
            round < MOST && goal.is_some_and(|goal| ratios.verdict(goal) == Verdict::Open)
        };
        let mut turns: Vec<_> = (1..VARIANTS.len())
            .filter(|at| round < rounds || is_open(*at))
            .collect();
        if turns.is_empty() {
            break;
        }
        turns.insert(0, 0);
        if round % 2 == 1 {
            turns.reverse();
        }
        for at in turns {
            let time = measure::check(root, VARIANTS[at].name)?;
            taken[at].push(time.as_secs_f64());
        }
    }
    println!(
        "{:>18} {:>9} {:>6} {:>6} {:>6} {:>12} {:>6}  `cargo check`, CPU seconds",
        "", "annotated", "rounds", "least", "ratio", "95%", "goal"
    );
    let mut met = true;
    for (variant, these) in VARIANTS.iter().zip(&taken) {
        let ratios = Ratios::of(these, &taken[0]);
        let (ratio, [from, to]) = ratios.median();
        println!(
            "{:>18} {:>5}/{ALL} {:>6} {:>6.2} {ratio:>6.3} {:>12} {:>6}",
            variant.attribute,
            variant.annotated,
            these.len(),
            these.iter().copied().fold(f64::INFINITY, f64::min),
            format!("{from:.3}-{to:.3}"),
            variant
                .goal
                .map_or(String::new(), |goal| format!("{goal:.2}")),
        );
        if let Some(goal) = variant.goal
            && ratios.verdict(goal) == Verdict::Missed
        {
            println!(
                "{} of {}/{ALL} takes more than {goal} times the time",
                variant.attribute, variant.annotated
            );
            met = false;
        }
    }
    Ok(met)
}

fn size(root: &Path) -> io::Result<bool> {
    let binaries = [root.join("program-bare"), root.join("program-guarded")];
    for (guarded, binary) in binaries.iter().enumerate() {
        let program = krate::write_program(root, guarded == 1)?;
        measure::build(root, &program, binary)?;
    }
    let (bare_text, bare_file) = measure::sizes(&binaries[0])?;
    let (text, file) = measure::sizes(&binaries[1])?;
    let same = fs::read(&binaries[0])? == fs::read(&binaries[1])?;
    println!(
        "\n{:>18} {:>9} {:>9} {:>10}  stripped release binary, bytes",
        "", "bare", "no_detach", "difference"
    );
    println!(
        "{:>18} {bare_text:>9} {text:>9} {:>+10}",
        ".text",
        text.cast_signed() - bare_text.cast_signed()
    );
    println!(
        "{:>18} {bare_file:>9} {file:>9} {:>+10}",
        "file",
        file.cast_signed() - bare_file.cast_signed()
    );
    println!(
        "{:>18} {}",
        "byte for byte",
        if same { "the same" } else { "not the same" }
    );
    let met = text.abs_diff(bare_text) * 1000 <= bare_text;
    if !met {
        println!(".text differs by more than 0.1%");
    }
    Ok(met)
}
