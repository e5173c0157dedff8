//! A file without what its functions do: the tokens and the syntax of a body cost a hundred times
//! what finding its end does, and few bodies are ever asked for.

use std::{collections::HashMap, iter, rc::Rc};

use proc_macro2::LineColumn;
use syn::{Block, parse::Parser as _, token::Brace};

use super::tokens::{Token, Tokens};

/// The file with blanks in place of comments and of what bodies hold, so that everything else
/// stands where it stood; and the bodies, by where they open.
pub(super) struct Outline {
    pub(super) text: String,
    pub(super) bodies: Bodies,
}

pub(super) type Bodies = HashMap<LineColumn, Body>;

/// What stands in a function's braces, after the inner attributes.
#[derive(Clone)]
pub(super) struct Body {
    text: Rc<str>,
    at: LineColumn,
}

impl Body {
    /// The statements, with the spans that they have in the file.
    pub(super) fn parse(&self) -> Option<Block> {
        let above = "\n".repeat(self.at.line - 1);
        let before = " ".repeat(self.at.column);
        let text = format!("{above}{before}{}", self.text);
        let stmts = Block::parse_within.parse_str(&text).ok()?;
        Some(Block {
            brace_token: Brace::default(),
            stmts,
        })
    }
}

impl Outline {
    pub(super) fn of(text: &str) -> Self {
        // As `syn` does: the columns of the first line begin behind it.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut out = Writer {
            text,
            copied: 0,
            at: LineColumn { line: 1, column: 0 },
            written: String::with_capacity(text.len()),
        };
        let mut bodies = Bodies::new();
        let mut tokens = Tokens::of(text);
        while let Some((token, range)) = tokens.next() {
            match token {
                Token::Comment => {
                    out.copy(range.start);
                    out.blank(range.end);
                }
                Token::Word("fn") => {
                    let Some((open, body)) = tokens.body() else {
                        continue;
                    };
                    out.copy(open);
                    let opens = out.at;
                    out.copy(body.start);
                    let at = out.at;
                    out.blank(body.end);
                    let text = text[body].into();
                    bodies.insert(opens, Body { text, at });
                }
                // A macro has its own rules, and is left as it is.
                Token::Mark(b'!') => tokens.arguments(),
                _ => {}
            }
        }
        out.copy(text.len());
        Self {
            text: out.written,
            bodies,
        }
    }
}

struct Writer<'a> {
    text: &'a str,
    copied: usize,
    /// The line and the column of what comes next.
    at: LineColumn,
    written: String,
}

impl Writer<'_> {
    fn copy(&mut self, end: usize) {
        let text = &self.text[self.copied..end];
        self.advance(text);
        self.written.push_str(text);
        self.copied = end;
    }

    fn blank(&mut self, end: usize) {
        let from = self.at;
        self.advance(&self.text[self.copied..end]);
        self.copied = end;
        let lines = self.at.line - from.line;
        let columns = if lines == 0 { from.column } else { 0 };
        self.written.extend(iter::repeat_n('\n', lines));
        let spaces = self.at.column - columns;
        self.written.extend(iter::repeat_n(' ', spaces));
    }

    fn advance(&mut self, over: &str) {
        let lines = over.matches('\n').count();
        let last = match over.rfind('\n') {
            Some(at) => &over[at + 1..],
            None => over,
        };
        if lines > 0 {
            self.at.line += lines;
            self.at.column = 0;
        }
        self.at.column += last.chars().count();
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use proc_macro2::{TokenStream, TokenTree};
    use quote::ToTokens as _;
    use syn::{
        Attribute, File,
        visit_mut::{VisitMut, visit_block_mut},
    };

    use super::{super::collect, *};

    /// Puts the bodies back, and counts them.
    struct Filled<'a>(&'a Bodies, usize);
    impl VisitMut for Filled<'_> {
        fn visit_block_mut(&mut self, block: &mut Block) {
            if let Some(body) = self.0.get(&block.brace_token.span.open().start()) {
                assert_eq!(block.stmts, []);
                *block = body.parse().expect("a body");
                self.1 += 1;
            } else {
                visit_block_mut(self, block);
            }
        }
    }

    struct WithoutDocs;
    impl VisitMut for WithoutDocs {
        fn visit_attributes_mut(&mut self, attrs: &mut Vec<Attribute>) {
            attrs.retain(|attr| !attr.path().is_ident("doc"));
        }
    }

    fn places(tokens: TokenStream, all: &mut Vec<(String, LineColumn)>) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => places(group.stream(), all),
                token => all.push((token.to_string(), token.span().start())),
            }
        }
    }

    fn tokens(mut file: File) -> Vec<(String, LineColumn)> {
        WithoutDocs.visit_file_mut(&mut file);
        let mut all = Vec::new();
        places(file.to_token_stream(), &mut all);
        all
    }

    /// With its bodies, the outline is the file, token by token and place by place.
    fn bodies(text: &str) -> usize {
        let outline = Outline::of(text);
        let mut file = syn::parse_file(&outline.text).expect("an outline");
        let mut filled = Filled(&outline.bodies, 0);
        filled.visit_file_mut(&mut file);
        let count = filled.1;
        let whole = syn::parse_file(text).expect("a file");
        let (outlined, whole) = (tokens(file), tokens(whole));
        for (outlined, whole) in outlined.iter().zip(&whole) {
            assert_eq!(outlined, whole);
        }
        assert_eq!(outlined.len(), whole.len());
        count
    }

    #[test]
    fn this_crate() {
        let mut files = Vec::new();
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        collect(&src, &mut files, 0);
        let texts = files
            .iter()
            .map(|file| fs::read_to_string(file).expect("a file"));
        let count: usize = texts.map(|text| bodies(&text)).sum();
        assert!(count > 300, "{count}");
    }

    #[test]
    fn hard_to_find() {
        let text = r###"
            //! fn comment() { {
            /* fn block() { /* } */ */
            fn r#match<'a, const N: usize>(_: [u8; 256 >> 4], b: &'a str) -> Takes<{ N + 1 }>
            where
                [(); { 1 < N } as usize]: Sized, // fn {
            {
                #![allow(unused)]
                #![expect(dead_code)]
                let quotes = ('{', b'}', '\'', '\\', "\"}", r"\", r#""}"#, br##""#}"##, c"}");
                fn inner<T: Fn(u8) -> Vec<Vec<u8>>>(_: T) -> fn(u8) -> u8 { /* } */ todo!() }
                'ä: loop { break 'ä; }
            } fn beside() { one() } /* ü */ fn after() -> impl Fn() -> u8 { two }
            const POINTER: fn(u8) = { fn in_const(_: u8) { {} } in_const };
            macro_rules! make { ($name:ident) => { fn $name() { $name() } fn made() {} } }
            macro_rules! r#impl { () => { fn also_made() { $crate } } }
            make! { fn given() { } }
            trait Trait { fn none(); fn default() {} }
            impl !Send for Type { async fn method(&self) { "\
                }" } }
        "###;
        assert_eq!(bodies(text), 6);
        let left = Outline::of(text).text;
        assert!(!left.contains("comment") && !left.contains("inner") && !left.contains("quotes"));
        assert!(left.contains("#![expect(dead_code)]") && left.contains("{ $crate }"));
    }
}
