//! What the guard costs: CPU time of `cargo check`, and bytes of a release binary.
//!
//! `guard-cost [ROUNDS]`. The variants take turns, so that what else the machine does falls on all
//! of them; medians are compared. It fails where a goal is missed.

mod functions;
mod krate;
mod measure;

use std::{env, fs, io, path::Path, process::ExitCode, time::Duration};

use self::krate::{ALL, VARIANTS};

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

fn time(root: &Path, rounds: usize) -> io::Result<bool> {
    let mut taken = VARIANTS.map(|_| Vec::new());
    // The first round builds the dependencies.
    for round in 0..=rounds {
        for (variant, taken) in VARIANTS.iter().zip(&mut taken) {
            let time = measure::check(root, variant.name)?;
            if round > 0 {
                taken.push(time);
            }
        }
    }
    println!(
        "{:>18} {:>9} {:>8} {:>8} {:>6} {:>6}  `cargo check`, CPU seconds of {rounds} rounds",
        "", "annotated", "median", "least", "ratio", "goal"
    );
    let medians = taken.each_mut().map(|taken| median(taken));
    let mut met = true;
    for ((variant, median), taken) in VARIANTS.iter().zip(medians).zip(&taken) {
        let ratio = median.as_secs_f64() / medians[0].as_secs_f64();
        let goal = variant
            .goal
            .map_or(String::new(), |goal| format!("{goal:.2}"));
        println!(
            "{:>18} {:>5}/{ALL} {:>8.2} {:>8.2} {ratio:>6.3} {goal:>6}",
            variant.attribute,
            variant.annotated,
            median.as_secs_f64(),
            taken[0].as_secs_f64(),
        );
        if variant.goal.is_some_and(|goal| ratio > goal) {
            println!(
                "{} of {}/{ALL} takes more than {goal} times the time",
                variant.attribute, variant.annotated
            );
            met = false;
        }
    }
    Ok(met)
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
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
