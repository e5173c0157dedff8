//! Where tokens end, and with them the bodies of functions, without keeping any.

use std::ops::Range;

/// A token, as far as it matters to where a body ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'a> {
    /// An identifier, a keyword or a number.
    Word(&'a str),
    Mark(u8),
    Literal,
    Comment,
}

pub(super) struct Tokens<'a> {
    text: &'a str,
    end: usize,
}

impl<'a> Tokens<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, end: 0 }
    }

    pub(super) fn next(&mut self) -> Option<(Token<'a>, Range<usize>)> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.end)?.is_ascii_whitespace() {
            self.end += 1;
        }
        let start = self.end;
        let byte = bytes[start];
        let rest = &bytes[start + 1..];
        let (token, len) = match byte {
            b'/' if rest.starts_with(b"/") => (Token::Comment, line(rest)),
            b'/' if rest.starts_with(b"*") => (Token::Comment, block_comment(rest)),
            b'"' => (Token::Literal, string(rest)),
            b'\'' => match character(&self.text[start + 1..]) {
                Some(len) => (Token::Literal, len),
                None => (Token::Mark(byte), 0), // a lifetime
            },
            _ if is_of_word(byte) => {
                let len = word(rest);
                match (&bytes[start..=start + len], &rest[len..]) {
                    (b"r", [b'#', name, ..]) if is_of_word(*name) => {
                        let len = len + 1 + word(&rest[len + 1..]);
                        (Token::Word(&self.text[start..=start + len]), len)
                    }
                    (b"r" | b"br" | b"cr", [b'#' | b'"', ..]) => {
                        (Token::Literal, len + raw_string(&rest[len..]))
                    }
                    _ => (Token::Word(&self.text[start..=start + len]), len),
                }
            }
            _ => (Token::Mark(byte), 0),
        };
        self.end = start + 1 + len;
        Some((token, start..self.end))
    }

    /// Behind `fn`: where the body opens, and what is in it after the inner attributes.
    pub(super) fn body(&mut self) -> Option<(usize, Range<usize>)> {
        // The type of a pointer has no name.
        let Token::Word(_) = self.code()? else {
            return None;
        };
        let mut angles = 0_usize;
        let mut before = Token::Literal;
        let open = loop {
            let (token, range) = self.next()?;
            match token {
                Token::Mark(b'{') if angles == 0 => break range,
                Token::Mark(b'(' | b'[' | b'{') => {
                    self.close()?;
                }
                Token::Mark(b'<') => angles += 1,
                Token::Mark(b'>') if before != Token::Mark(b'-') => {
                    angles = angles.checked_sub(1)?;
                }
                Token::Mark(b';' | b')' | b']' | b'}') => return None,
                _ => {}
            }
            before = token;
        };
        let mut start = open.end;
        while self.inner_attribute().is_some() {
            start = self.end;
        }
        self.end = start;
        let close = self.close()?;
        Some((open.start, start..close))
    }

    fn inner_attribute(&mut self) -> Option<()> {
        for mark in *b"#![" {
            if self.code()? != Token::Mark(mark) {
                return None;
            }
        }
        self.close().map(drop)
    }

    /// Behind the `!` of a macro: over its name, if it has one, and its arguments.
    pub(super) fn arguments(&mut self) {
        let start = self.end;
        let mut next = self.code();
        if let Some(Token::Word(_)) = next {
            next = self.code();
        }
        let closed = match next {
            Some(Token::Mark(b'(' | b'[' | b'{')) => self.close(),
            _ => None,
        };
        if closed.is_none() {
            self.end = start;
        }
    }

    /// Behind an opening delimiter: over everything to the one that closes it, and where that is.
    fn close(&mut self) -> Option<usize> {
        let mut depth = 0_usize;
        loop {
            let (token, range) = self.next()?;
            match token {
                Token::Mark(b'(' | b'[' | b'{') => depth += 1,
                Token::Mark(b')' | b']' | b'}') if depth == 0 => return Some(range.start),
                Token::Mark(b')' | b']' | b'}') => depth -= 1,
                _ => {}
            }
        }
    }

    fn code(&mut self) -> Option<Token<'a>> {
        loop {
            match self.next()? {
                (Token::Comment, _) => {}
                (token, _) => return Some(token),
            }
        }
    }
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

// How many bytes a token has after its first.

fn word(rest: &[u8]) -> usize {
    let mut len = 0;
    while len < rest.len() && is_of_word(rest[len]) {
        len += 1;
    }
    len
}

fn line(rest: &[u8]) -> usize {
    let mut len = 0;
    while len < rest.len() && rest[len] != b'\n' {
        len += 1;
    }
    len
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut len, mut depth) = (1, 1);
    while depth > 0 && len < rest.len() {
        if rest[len..].starts_with(b"*/") {
            depth -= 1;
            len += 1;
        } else if rest[len..].starts_with(b"/*") {
            depth += 1;
            len += 1;
        }
        len += 1;
    }
    len
}

fn string(rest: &[u8]) -> usize {
    let mut len = 0;
    while len < rest.len() && rest[len] != b'"' {
        len += if rest[len] == b'\\' { 2 } else { 1 };
    }
    (len + 1).min(rest.len())
}

/// `None` for a lifetime.
fn character(rest: &str) -> Option<usize> {
    let first = rest.chars().next()?;
    if first == '\\' {
        // What is escaped may be a quote.
        return Some(2 + rest.get(2..)?.find('\'')? + 1);
    }
    let len = first.len_utf8();
    rest[len..].starts_with('\'').then_some(len + 1)
}

/// After `r`, `br` or `cr`.
fn raw_string(rest: &[u8]) -> usize {
    let hashes = rest.iter().take_while(|byte| **byte == b'#').count();
    let mut len = hashes + 1;
    while len < rest.len() {
        len += 1;
        if rest[len - 1] == b'"' && rest[len..].starts_with(&rest[..hashes]) {
            return len + hashes;
        }
    }
    rest.len()
}
