//! `performance goals DIR` prints what became of each goal and fails if one is missed;
//! `performance page DIR` writes the page and its plot too. DIR is where `.ci/performance.sh` has
//! put what was measured.

use std::{env, error::Error, fs, path::Path, process::ExitCode};

use tethered_bench::{figures::Figures, goals::GOALS, page, plot};

const PAGE: &str = "PERFORMANCE.md";
const PLOT: &str = "runtime/docs/performance.svg";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let (Some(what), Some(directory)) = (args.next(), args.next()) else {
        return Err("write `performance goals DIR` or `performance page DIR`".into());
    };
    let directory = Path::new(&directory);
    let read = |file: &str| fs::read_to_string(directory.join(file));

    let mut figures = Figures::default();
    figures.instructions(&read("instructions.json")?);
    figures.memory(&read("memory.txt")?);
    if what == "page" {
        figures.wall(&read("wall.txt")?);
        let conditions = page::Conditions {
            machine: &read("machine.txt")?,
            build: &read("build.txt")?,
        };
        plot::draw(&figures, Path::new(PLOT))?;
        fs::write(PAGE, page::write(&figures, &conditions, PLOT))?;
    }
    println!("{}", page::goals(&figures));

    let missed: Vec<_> = GOALS
        .iter()
        .filter(|goal| goal.is_missed(&figures))
        .collect();
    for goal in &missed {
        println!("missed by more than 2%: {goal}");
    }
    Ok(if missed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
