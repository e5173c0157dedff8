//! What the functions do that a body calls: the guard's look into the crate's source.

use std::rc::Rc;

use syn::FnArg;

use super::{
    checks::Output,
    home::Home,
    source::{Function, Source, place},
    walk::Walker,
    words::How,
};

/// The first piece of work that a function detaches, as
/// `jobs::kick_all -> jobs::one -> src/jobs.rs:5:9: tokio::spawn(work())`.
pub(super) fn follow(source: &Rc<Source>, function: &Rc<Function>) -> Option<String> {
    source.detached(&function.path, || look(source, function))
}

fn look(source: &Rc<Source>, function: &Rc<Function>) -> Option<String> {
    let mut block = function.block()?;
    let home = Home::of_function(source, function, &mut block);
    let mut walker = Walker::new(&home, follow, None, Output::None);
    for input in &function.sig.inputs {
        if let FnArg::Typed(argument) = input {
            walker.argument(&argument.pat, &argument.ty);
        }
    }
    walker.whole(&mut block);
    // An early exit of a helper is its own guard's to report.
    let found = walker
        .found
        .into_iter()
        .find(|found| !matches!(found.how, How::Exit | How::Overwritten))?;
    let step = if found.call.contains(" -> ") || found.message.starts_with("this call") {
        found.call
    } else {
        let at = place(&function.file, found.at.0);
        let help = found.message.split_once('\n').map_or("", |(_, help)| help);
        format!("{at}: `{}`\n{help}", found.call)
    };
    Some(format!("{} -> {step}", function.path))
}
