//! Compilers, the library under test, and programs that use it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::{env, fs};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The voice that the tests speak with.
pub(crate) fn voice() -> PathBuf {
    root().join("voices/heart.safetensors")
}

/// Where cargo has put the shared library that belongs to this test.
pub(crate) fn library_dir() -> PathBuf {
    let test = env::current_exe().unwrap();
    let dir = test.parent().unwrap().to_owned();
    let library = library(&dir);
    assert!(library.exists(), "{} is missing", library.display());
    // Programs ask the loader for the soname, under which an installation has it.
    #[cfg(target_os = "linux")]
    {
        let name = format!("libtts.so.{}", tts::capi::TTS_ABI_VERSION);
        if let Err(error) = std::os::unix::fs::symlink("libtts.so", dir.join(name)) {
            assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
        }
    }
    dir
}

/// The shared library in a directory.
pub(crate) fn library(dir: &Path) -> PathBuf {
    dir.join(format!(
        "{}tts{}",
        env::consts::DLL_PREFIX,
        env::consts::DLL_SUFFIX
    ))
}

/// Whether a tool is there. Where it is not, the test says so; in CI it must be there.
pub(crate) fn have(tool: &str) -> bool {
    if Command::new(tool).arg("--version").output().is_ok() {
        return true;
    }
    assert!(
        env::var_os("CI").is_none(),
        "{tool} must be installed in CI"
    );
    eprintln!("SKIPPED: {tool} is not installed, so this part of the test proves nothing here");
    false
}

/// Runs a command, which must succeed.
#[track_caller]
pub(crate) fn run(command: &mut Command) -> Output {
    let output = command
        .output()
        .unwrap_or_else(|e| panic!("{command:?}: {e}"));
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "{command:?}: {}\n{out}{err}",
        output.status
    );
    output
}

/// The program `tests/capi/NAME.c`, built in `dir` by one compiler; `None` where there is none.
#[track_caller]
pub(crate) fn test_program(dir: &Path, name: &str) -> Option<Command> {
    let compiler = c_compilers().pop()?;
    let built = dir.join(name);
    let source = root().join(format!("tests/capi/{name}.c"));
    build(compiler, "gnu99", &source, &built);
    Some(program(&built))
}

/// Compiles one source file against the header and the library, every warning an error.
#[track_caller]
pub(crate) fn build(compiler: &str, standard: &str, source: &Path, program: &Path) {
    let dir = library_dir();
    let mut command = Command::new(compiler);
    command.arg(format!("-std={standard}"));
    command
        .args([
            "-Wall",
            "-Wextra",
            "-pedantic",
            "-Werror",
            "-O1",
            "-g",
            "-I",
        ])
        .arg(root().join("include"));
    command
        .arg(source)
        .arg("-o")
        .arg(program)
        .arg("-L")
        .arg(&dir);
    command.arg(format!("-Wl,-rpath,{}", dir.display())).args([
        "-Wl,--as-needed",
        "-ltts",
        "-lm",
        "-pthread",
        "-ldl",
    ]);
    run(&mut command);
}

/// A program that was built with [`build`], to be run. Cargo's own library path may lead to the library
/// of an earlier build.
pub(crate) fn program(path: &Path) -> Command {
    let mut command = Command::new(path);
    command
        .env("LD_LIBRARY_PATH", library_dir())
        .env("DYLD_LIBRARY_PATH", library_dir());
    if env::var_os("XDG_RUNTIME_DIR").is_none() {
        // Mesa's Vulkan looks for Wayland, whose library prints if it does not know where to look.
        command.env("XDG_RUNTIME_DIR", env::temp_dir());
    }
    command
}

/// The compilers for C that are installed.
pub(crate) fn c_compilers() -> Vec<&'static str> {
    ["gcc", "clang"]
        .into_iter()
        .filter(|tool| have(tool))
        .collect()
}

/// The compilers for C++ that are installed.
pub(crate) fn cpp_compilers() -> Vec<&'static str> {
    ["g++", "clang++"]
        .into_iter()
        .filter(|tool| have(tool))
        .collect()
}

/// The text of the header.
pub(crate) fn header() -> String {
    fs::read_to_string(root().join("include/tts.h")).unwrap()
}

/// The functions that the header declares.
pub(crate) fn functions(header: &str) -> BTreeSet<&str> {
    let declarations = header
        .lines()
        .filter_map(|line| line.strip_prefix("TTS_API "));
    let heads = declarations.filter_map(|line| line.split('(').next());
    heads
        .filter_map(|head| head.rsplit([' ', '*']).next())
        .collect()
}
