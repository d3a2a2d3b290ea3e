//! Ctrl-C, and requests to terminate: the program ends at once, but not before its unfinished files are gone.

use std::io::{IsTerminal, Write, stderr};

/// Exit code of a program that was interrupted, as shells have it.
const INTERRUPTED: i32 = 130;

/// Sees to such requests from now on.
pub(crate) fn install() {
    // Without a handler the program is ended all the same, by the system.
    let _ = ctrlc::set_handler(|| {
        let _discarded = tts::disk::discard_unfinished();
        // Below the progress, and below the terminal's own "^C".
        let line = if stderr().is_terminal() { "\n" } else { "" };
        let _ = writeln!(stderr(), "{line}error: interrupted");
        std::process::exit(INTERRUPTED);
    });
}
