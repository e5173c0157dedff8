//! Every spawner of the guard's table is tried against its real crate, in `ui/fail/guard_row_*.rs`.

use std::{fs, path::Path};

const TABLE: &str = include_str!("../../macros/src/guard/spawners.rs");

/// The paths that stand in `SPAWNERS`.
fn rows() -> Vec<&'static str> {
    let rows = TABLE.split("row(\"").skip(1);
    rows.filter_map(|row| row.split('"').next()).collect()
}

#[test]
fn every_row_is_tried() {
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui/fail"))
        .expect("the folder");
    let files = files.map(|file| file.expect("a file").path());
    let tried: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| {
            let source = fs::read_to_string(&path).expect("a source");
            let said = fs::read_to_string(path.with_extension("stderr")).unwrap_or_default();
            (
                path.file_name().expect("a name").display().to_string(),
                source,
                said,
            )
        })
        .collect();
    let rows = rows();
    assert!(rows.len() > 15, "the table was not read: {rows:?}");
    for row in rows {
        let call = format!("    {row}(");
        let reported = tried.iter().any(|(name, source, said)| {
            let lines = source
                .lines()
                .enumerate()
                .filter(|(_, line)| line.starts_with(&call));
            lines
                .into_iter()
                .any(|(at, _)| said.contains(&format!("{name}:{}:5", at + 1)))
        });
        assert!(
            reported,
            "`{row}` is reported at no line of ui/fail/guard_row_*.rs"
        );
    }
}

/// In the files of rows every function is a mistake, and is reported once.
#[test]
fn every_row_is_reported_once() {
    let files = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui/fail"))
        .expect("the folder");
    for file in files.map(|file| file.expect("a file").path()) {
        let name = file.file_name().expect("a name").display().to_string();
        let is_source = file.extension().is_some_and(|extension| extension == "rs");
        if !name.starts_with("guard_row_") || !is_source {
            continue;
        }
        let source = fs::read_to_string(&file).expect("a source");
        let said = fs::read_to_string(file.with_extension("stderr")).expect("what is expected");
        let mistakes = source.matches("#[no_detach]").count();
        let errors = said
            .lines()
            .filter(|line| line.starts_with("error"))
            .count();
        assert_eq!(mistakes, errors, "{name}");
    }
}
