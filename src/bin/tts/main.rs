//! `tts`: the library on the command line.
//!
//! One file a command. Results go to standard output, everything else to standard error; a file
//! that is named appears complete or not at all.

mod args;
mod bench;
mod canvas;
mod devices;
mod dump;
mod engine;
mod fail;
mod import;
mod info;
mod input;
mod interrupt;
mod marks;
mod measure;
mod mel;
mod outputs;
mod plot;
mod print;
mod profile;
mod progress;
mod say;
mod sink;
mod text;
mod vocode;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
use fail::{Fail, Result};

fn main() -> ExitCode {
    interrupt::install();
    let code = match run(Cli::parse().command) {
        Ok(()) | Err(Fail::BrokenPipe) => 0,
        Err(Fail::Failed(message)) => complain(&message, 1),
        Err(Fail::Usage(message)) => complain(&message, 2),
    };
    ExitCode::from(code)
}

fn run(command: Command) -> Result {
    match command {
        Command::Say(args) => say::run(&args),
        Command::Vocode(args) => vocode::run(&args),
        Command::Mel(args) => mel::run(&args),
        Command::Text(args) => text::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Info(args) => info::run(&args),
        Command::Bench(args) => bench::run(&args),
        Command::Devices(args) => devices::run(&args),
    }
}

fn complain(message: &str, code: u8) -> u8 {
    use std::io::Write;
    // Where even the complaint cannot be written, the exit code still tells.
    let _ = writeln!(std::io::stderr(), "error: {message}");
    code
}
