//! Where results go: files, each its own, and `-` for standard output.

use std::io::{self, Write};
use std::path::Path;

use crate::fail::{Fail, Result};

/// Whether the main result goes to standard output.
pub(crate) fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// What to call it in messages.
pub(crate) fn name(path: &Path) -> String {
    if is_stdout(path) {
        return "standard output".to_owned();
    }
    path.display().to_string()
}

/// Refuses what cannot be: standard output for two things, or one file for two. `further` are results
/// beside the main one, with their options; they go to files.
pub(crate) fn check(main: &Path, json: bool, further: &[(&str, Option<&Path>)]) -> Result {
    if is_stdout(main) && json {
        return Err(Fail::Usage(
            "--json and -o - both want standard output; write the result to a file".to_owned(),
        ));
    }
    let same = |a: &Path, b: &Path| match (std::path::absolute(a), std::path::absolute(b)) {
        (Ok(a), Ok(b)) => a == b,
        _ => false,
    };
    let mut taken = vec![("-o", main)];
    for &(option, path) in further {
        let Some(path) = path else { continue };
        if is_stdout(path) {
            return Err(Fail::Usage(format!(
                "{option} needs the name of a file; only -o takes - for standard output"
            )));
        }
        if let Some((other, _)) = taken.iter().find(|(_, other)| same(path, other)) {
            return Err(Fail::Usage(format!(
                "{option} and {other} would both write {}; give each its own file",
                path.display()
            )));
        }
        taken.push((option, path));
    }
    Ok(())
}

/// Tells people what was made: on standard error where standard output is the result itself.
pub(crate) fn tell(main: &Path, text: &str) -> Result {
    if is_stdout(main) {
        // Where nobody listens, the result is still complete.
        let _ = writeln!(io::stderr(), "{text}");
        return Ok(());
    }
    crate::print::line(text)
}
