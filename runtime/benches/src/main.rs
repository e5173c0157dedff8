//! `performance goals DIR` prints what became of each goal whose figures repeat, and fails if one is
//! missed; `performance page DIR` prints all of them, and writes the page and its plot. DIR is where
//! `.ci/performance.sh` has put what was measured.

use std::{env, error::Error, fs, path::Path, process::ExitCode};

use tethered_bench::{figures::Figures, goals::GOALS, page, plot};

const PAGE: &str = "PERFORMANCE.md";
const PLOT: &str = "runtime/docs/performance.svg";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let (Some(what), Some(directory)) = (args.next(), args.next()) else {
        return Err("write `performance goals DIR` or `performance page DIR`".into());
    };
    let read = |file: &str| fs::read_to_string(Path::new(&directory).join(file));

    let mut figures = Figures::default();
    figures.instructions(&read("instructions.json")?);
    figures.memory(&read("memory.txt")?);
    match what.as_str() {
        "goals" => {
            let goals = GOALS.iter().filter(|goal| goal.unit.repeats());
            println!("{}", page::goals(&figures, goals.clone()));
            let mut exit = ExitCode::SUCCESS;
            for missed in goals.filter(|goal| goal.is_missed(&figures)) {
                println!("missed by more than 2%: {missed}");
                exit = ExitCode::FAILURE;
            }
            Ok(exit)
        }
        "page" => {
            figures.wall(&read("wall.txt")?);
            let conditions = page::Conditions {
                machine: &read("machine.txt")?,
                build: &read("build.txt")?,
            };
            plot::draw(&figures, Path::new(PLOT))?;
            fs::write(PAGE, page::write(&figures, &conditions, PLOT))?;
            println!("{}", page::goals(&figures, GOALS));
            Ok(ExitCode::SUCCESS)
        }
        _ => Err(format!("`{what}` is neither `goals` nor `page`").into()),
    }
}
