//! The installed library as a stranger's build finds it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use crate::tools;

/// An installation for all tests of this program, clean and in a place that scripts are bad at.
fn prefix() -> &'static Path {
    static PREFIX: LazyLock<PathBuf> = LazyLock::new(|| {
        let prefix = Path::new(env!("CARGO_TARGET_TMPDIR")).join("Präfix mit 空白");
        if prefix.exists() {
            fs::remove_dir_all(&prefix).unwrap();
        }
        let script = tools::root().join("packaging/install.sh");
        tools::run(Command::new(script).arg("--prefix").arg(&prefix));
        prefix
    });
    &PREFIX
}

/// `say` of the examples speaks, with the library that the system's loader finds.
fn speaks(say: &Path, library_dir: Option<&Path>) {
    let wav = say.with_extension("wav");
    let mut command = Command::new(say);
    command.env_remove("LD_LIBRARY_PATH");
    if let Some(dir) = library_dir {
        command.env("LD_LIBRARY_PATH", dir);
    }
    tools::run(command.arg(tools::voice()).arg(&wav).arg("Hello world."));
    assert!(fs::metadata(wav).unwrap().len() > 20_000);
}

/// `cc say.c $(pkg-config --cflags --libs tacoglow)` builds a program that speaks.
#[test]
#[cfg(target_os = "linux")]
fn pkg_config_finds_the_library() {
    if !tools::have("pkg-config") || !tools::have("gcc") {
        return;
    }
    let project = tempfile::tempdir().unwrap();
    let lib = prefix().join("lib");
    // `eval`, since pkg-config escapes for a shell what its output has of spaces.
    let build = r#"eval gcc -Werror '"$1"' -o say "$(pkg-config --cflags --libs tacoglow)""#;
    let source = tools::root().join("examples/c/say.c");
    tools::run(
        Command::new("sh")
            .args(["-e", "-c", build, "sh"])
            .arg(source)
            .env("PKG_CONFIG_PATH", lib.join("pkgconfig"))
            .current_dir(&project),
    );
    speaks(&project.path().join("say"), Some(&lib));
    let version = Command::new("pkg-config")
        .args(["--modversion", "tacoglow"])
        .env("PKG_CONFIG_PATH", lib.join("pkgconfig"))
        .output();
    let version = String::from_utf8(version.unwrap().stdout).unwrap();
    assert_eq!(version.trim(), env!("CARGO_PKG_VERSION"));
}

/// `find_package(Tacoglow)` gives the shared and the static library, and a program speaks with each.
#[test]
#[cfg(target_os = "linux")]
fn cmake_finds_the_library() {
    if !tools::have("cmake") || !tools::have("gcc") {
        return;
    }
    let project = tempfile::tempdir().unwrap();
    let from = tools::root();
    let copies = [
        ("tests/capi/consumer/CMakeLists.txt", "CMakeLists.txt"),
        ("examples/c/say.c", "say.c"),
    ];
    for (source, name) in copies {
        fs::copy(from.join(source), project.path().join(name)).unwrap();
    }
    let mut path = std::ffi::OsString::from("-DCMAKE_PREFIX_PATH=");
    path.push(prefix());
    tools::run(
        Command::new("cmake")
            .args(["-S", ".", "-B", "build"])
            .arg(path)
            .current_dir(&project),
    );
    tools::run(
        Command::new("cmake")
            .args(["--build", "build"])
            .current_dir(&project),
    );
    for say in ["build/say_tts", "build/say_tts_static"] {
        speaks(&project.path().join(say), None);
    }
}

/// The shared library carries the version of the ABI in its name, and the links lead to it.
#[test]
#[cfg(target_os = "linux")]
fn the_library_has_a_soname() {
    let lib = prefix().join("lib");
    let soname = format!("libtts.so.{}", tts::capi::TTS_ABI_VERSION);
    for link in ["libtts.so", &soname] {
        let file = lib.join(link).canonicalize().unwrap();
        assert!(file.ends_with(concat!("libtts.so.", env!("CARGO_PKG_VERSION"))));
    }
    if !tools::have("readelf") {
        return;
    }
    let dynamic = tools::run(Command::new("readelf").arg("-d").arg(lib.join("libtts.so")));
    let dynamic = String::from_utf8(dynamic.stdout).unwrap();
    assert!(
        dynamic.contains(&format!("Library soname: [{soname}]")),
        "{dynamic}"
    );
}
