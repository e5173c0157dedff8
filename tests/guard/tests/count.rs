//! How many snippets the guard lets through.

use std::{fs, path::Path};

const ATTRIBUTES: &[&str] = &[
    "#[no_detach",
    "#[tethered::no_detach",
    "#[serverless_handler",
];

fn snippets(path: &Path) -> usize {
    if path.is_dir() {
        let entries = fs::read_dir(path).expect("a folder");
        return entries
            .map(|entry| snippets(&entry.expect("an entry").path()))
            .sum();
    }
    let text = fs::read_to_string(path).expect("text");
    text.lines()
        .filter(|line| {
            ATTRIBUTES
                .iter()
                .any(|it| line.trim_start().starts_with(it))
        })
        .count()
}

#[test]
fn there_are_many() {
    let count = snippets(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    println!("{count} snippets compile under the guard");
    assert!(count >= 80, "{count} snippets are too few");
}
