//! The environment variable that says whether callbacks run in the background.

use std::{env, error::Error, ffi::OsString, fmt};

const NAME: &str = "TETHERED_CALLBACKS_BACKGROUND";

/// `TETHERED_CALLBACKS_BACKGROUND` is set to something that is neither yes nor no.
///
/// Displays as the variable, its value, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableError(OsString);

impl fmt::Display for VariableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0.display();
        write!(
            f,
            "{NAME} is `{value}`: write `true`, `1` or `yes` to run callbacks in the background, \
             `false`, `0` or `no` to wait for them"
        )
    }
}

impl Error for VariableError {}

/// What the environment says. Without the variable: in the background.
pub(super) fn background() -> Result<bool, VariableError> {
    env::var_os(NAME).map_or(Ok(true), parse)
}

fn parse(value: OsString) -> Result<bool, VariableError> {
    let word = value.to_str().map(str::to_ascii_lowercase);
    match word.as_deref() {
        Some("true" | "1" | "yes") => Ok(true),
        Some("false" | "0" | "no") => Ok(false),
        _ => Err(VariableError(value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_counts_in_any_case_and_nothing_else_does() {
        for yes in ["true", "TRUE", "True", "1", "yes", "Yes"] {
            assert_eq!(parse(yes.into()), Ok(true), "{yes}");
        }
        for no in ["false", "False", "FALSE", "0", "no", "NO"] {
            assert_eq!(parse(no.into()), Ok(false), "{no}");
        }
        for neither in ["", " ", "off", "on", "2", "true ", "falsch"] {
            let error = parse(neither.into()).unwrap_err();
            let text = error.to_string();
            assert!(
                text.starts_with("TETHERED_CALLBACKS_BACKGROUND is "),
                "{text}"
            );
            assert!(text.contains(&format!("`{neither}`")), "{text}");
        }
    }
}
