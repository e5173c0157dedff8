//! Where a task was written, and what it is called there.

use std::panic::Location;

/// Most characters of an expression that serve as its task's name.
const NAME_LIMIT: usize = 40;

/// A place in the source: one `static` for each macro call, so that a task carries a pointer.
#[derive(Debug)]
pub struct Site {
    text: &'static str,
    location: &'static Location<'static>,
}

impl Site {
    /// The caller's place under the name `text`, cut at 40 characters or at its first line break.
    #[track_caller]
    #[must_use]
    pub const fn new(text: &'static str) -> Self {
        Self {
            text: cut(text),
            location: Location::caller(),
        }
    }

    pub(crate) const fn text(&self) -> &'static str {
        self.text
    }

    pub(crate) const fn location(&self) -> &'static Location<'static> {
        self.location
    }
}

/// The longest prefix on one line of at most [`NAME_LIMIT`] characters.
const fn cut(text: &str) -> &str {
    let bytes = text.as_bytes();
    let (mut end, mut characters) = (0, 0);
    while end < bytes.len() && bytes[end] != b'\n' {
        // A byte of the form 10xxxxxx continues a character: the cut never falls before one.
        if bytes[end] & 0xC0 != 0x80 {
            if characters == NAME_LIMIT {
                break;
            }
            characters += 1;
        }
        end += 1;
    }
    text.split_at(end).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_cut_at_forty_characters() {
        assert_eq!(cut("audit(&event)"), "audit(&event)");
        assert_eq!(cut(&"x".repeat(41)), "x".repeat(40));
        assert_eq!(cut(&"ü".repeat(41)), "ü".repeat(40));
        assert_eq!(cut("async {\n    5\n}"), "async {");
    }

    #[test]
    fn a_site_is_its_callers_place() {
        let site = Site::new("here");
        assert_eq!((site.text(), site.location().line()), ("here", line!() - 1));
    }
}
