//! Ctrl-C: the first one is noticed between two pieces of work, so that unfinished files are
//! removed; a second one ends the program at once.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::fail::{Fail, Result};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Notices Ctrl-C and requests to terminate from now on.
pub(crate) fn install() {
    // Without a handler the program is ended at once, which is what happens elsewhere too.
    let _ = ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    });
}

/// Fails once Ctrl-C was pressed.
pub(crate) fn check() -> Result {
    if INTERRUPTED.load(Ordering::Relaxed) {
        return Err(Fail::Interrupted);
    }
    Ok(())
}
