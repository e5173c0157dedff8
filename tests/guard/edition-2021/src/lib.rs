//! The snippets of the folder above, in edition 2021.
#![deny(warnings)]

pub mod snippets;
