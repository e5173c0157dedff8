//! The user's own tokens as a person would have typed them.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};

/// Where a suggestion is cut.
const LONGEST: usize = 120;

pub(super) fn print(tokens: TokenStream) -> String {
    let mut text = String::new();
    write(tokens, &mut text);
    if text.chars().count() > LONGEST {
        text = text.chars().take(LONGEST).collect();
        text.push('…');
    }
    text
}

/// Whether a space goes between two tokens, by the last character and the next token.
fn write(tokens: TokenStream, text: &mut String) {
    let mut tight = true; // the token before wants nothing after it
    let mut before: Option<TokenTree> = None;
    let mut in_bars = false; // a closure's arguments
    for token in tokens {
        let spaced = match (&before, &token) {
            (None, _) => false,
            _ if tight => false,
            (_, TokenTree::Punct(p)) if p.as_char() == '|' && in_bars => false,
            (Some(TokenTree::Punct(p)), TokenTree::Punct(q))
                if p.as_char() == '|' && q.as_char() == '|' =>
            {
                false
            }
            (_, TokenTree::Punct(p)) if matches!(p.as_char(), ',' | ';' | '.' | '?' | ':') => false,
            (Some(TokenTree::Ident(_)), TokenTree::Punct(p)) if p.as_char() == '!' => false,
            (Some(TokenTree::Ident(i)), TokenTree::Group(g)) => {
                g.delimiter() == Delimiter::Brace || is_keyword(&i.to_string())
            }
            (Some(TokenTree::Punct(p)), TokenTree::Group(g)) => {
                !(matches!(p.as_char(), '!' | '#' | '>') && g.delimiter() != Delimiter::Brace)
            }
            (Some(TokenTree::Group(_)), TokenTree::Group(g)) => g.delimiter() == Delimiter::Brace,
            (_, TokenTree::Punct(p)) if matches!(p.as_char(), '<' | '>') => false,
            _ => true,
        };
        if spaced {
            text.push(' ');
        }
        tight = false;
        match &token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{ ", " }"),
                    Delimiter::None => ("", ""),
                };
                if group.stream().is_empty() && group.delimiter() == Delimiter::Brace {
                    text.push_str("{}");
                } else {
                    text.push_str(open);
                    write(group.stream(), text);
                    text.push_str(close);
                }
            }
            TokenTree::Punct(punct) => {
                let c = punct.as_char();
                text.push(c);
                let unary = matches!(before, None | Some(TokenTree::Punct(_)))
                    || matches!(&before, Some(TokenTree::Ident(i)) if is_keyword(&i.to_string()));
                let starts = unary || in_bars;
                tight = punct.spacing() == Spacing::Joint
                    || matches!(c, '.' | '\'' | '<' | '#')
                    || (c == ':' && text.ends_with("::"))
                    || (matches!(c, '&' | '*' | '-' | '!') && unary)
                    || (c == '|' && starts && !in_bars);
                in_bars = c == '|' && starts && !in_bars;
            }
            other => text.push_str(&other.to_string()),
        }
        before = Some(token);
    }
}

fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "if" | "match"
            | "return"
            | "move"
            | "async"
            | "in"
            | "let"
            | "as"
            | "mut"
            | "ref"
            | "while"
            | "for"
            | "else"
            | "loop"
            | "unsafe"
            | "break"
    )
}
