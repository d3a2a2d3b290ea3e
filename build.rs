//! Writes `include/tts.h` from `src/capi`, one section for each file there, and checks the shaders.
//!
//! The header is committed, so that a user needs no cbindgen and a change of the ABI shows in a diff.
//! It is written only when it differs, and a tree that cannot be written to is left as it is: the
//! test `header_is_generated` says if the two have come apart.

#[cfg(feature = "gpu")]
#[path = "build/shaders.rs"]
mod shaders;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// The objects of the C interface, in the order of the header.
const SECTIONS: [&str; 16] = [
    "version",
    "status",
    "device",
    "engine",
    "pipeline_cache",
    "reader",
    "voice",
    "facts",
    "warm_up",
    "mark",
    "options",
    "audio",
    "batch",
    "utterance",
    "feed",
    "stats",
];

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=cbindgen.toml");
    println!("cargo:rerun-if-changed=src/capi");
    println!("cargo:rerun-if-changed=include/tts.h");
    #[cfg(feature = "gpu")]
    shaders::generate(&root, &out);
    link(&root);
    match header(&root) {
        Ok(header) => write(&root, &out, &header),
        // The crate itself will not compile then, and rustc explains it better than cbindgen.
        Err(message) => println!("cargo:warning=include/tts.h is not updated: {message}"),
    }
}

/// How the shared library is linked.
fn link(root: &Path) {
    let os = env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    if !matches!(os.as_str(), "linux" | "android" | "freebsd") {
        return;
    }
    // A host may unload the library while a worker is on its way out of it; the code stays mapped.
    println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    // The name that programs ask the loader for changes with the ABI alone.
    let version = fs::read_to_string(root.join("src/capi/version.rs")).unwrap_or_default();
    let abi = version.lines().find_map(|line| {
        line.strip_prefix("pub const TTS_ABI_VERSION: u32 = ")?
            .strip_suffix(';')
    });
    let abi = abi.expect("src/capi/version.rs says which version the ABI has");
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libtts.so.{abi}");
}

fn write(root: &Path, out: &Path, header: &str) {
    // The test compares this copy with the committed file.
    fs::write(out.join("tts.h"), header).expect("OUT_DIR can be written to");
    let committed = root.join("include/tts.h");
    if fs::read_to_string(&committed).is_ok_and(|text| text == header) {
        return;
    }
    if fs::write(&committed, header).is_err() {
        println!("cargo:warning=include/tts.h differs from src/capi and cannot be written");
    }
}

fn header(root: &Path) -> Result<String, String> {
    let read = |path: &str| fs::read_to_string(root.join(path)).map_err(|e| format!("{path}: {e}"));
    let mut header = read("src/capi/preface.h")?;
    for section in SECTIONS {
        let path = format!("src/capi/{section}.rs");
        title(&mut header, section, &read(&path)?);
        header.push_str(&tidy(&declarations(root, &path)?));
        header.push_str("\n/** @} */\n");
    }
    header.push_str(&read("src/capi/end.h")?);
    Ok(header)
}

/// The module's own documentation stands over its section, which is a group of the Doxygen site.
fn title(header: &mut String, section: &str, source: &str) {
    let mut lines = source.lines().map_while(|line| line.strip_prefix("//!"));
    let title = lines.next().unwrap_or_default();
    let _ = writeln!(header, "\n/* {} */", "=".repeat(90));
    let _ = writeln!(header, "/**\n * @defgroup {section}{title}");
    for line in lines {
        let _ = writeln!(header, " *{}", line.trim_end());
    }
    let _ = writeln!(header, " * @{{\n */\n");
}

/// Puts a comment of one line on one line, and drops the tags of structs, which are types as well.
fn tidy(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut tidy = String::new();
    let mut i = 0;
    while i < lines.len() {
        if let [open, middle, close] = lines[i..lines.len().min(i + 3)]
            && open.trim() == "/**"
            && close.trim() == "*/"
            && let Some(words) = middle.trim().strip_prefix("* ")
        {
            let indent = &open[..open.len() - 3];
            let _ = writeln!(tidy, "{indent}/** {words} */");
            i += 3;
            continue;
        }
        let line = lines[i];
        if line == "TTS_API" {
            tidy.push_str("TTS_API ");
        } else if line.starts_with("typedef struct") {
            let _ = writeln!(tidy, "{line}");
        } else {
            let _ = writeln!(tidy, "{}", line.replace("struct tts_", "tts_"));
        }
        i += 1;
    }
    tidy
}

fn declarations(root: &Path, path: &str) -> Result<String, String> {
    let mut config = cbindgen::Config::from_file(root.join("cbindgen.toml"))?;
    // Types that only functions of other files use are wanted too.
    let source = fs::read_to_string(root.join(path)).map_err(|e| e.to_string())?;
    let types = source.lines().filter_map(|line| {
        let rest = line
            .strip_prefix("pub struct ")
            .or_else(|| line.strip_prefix("pub type "))?;
        rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
            .next()
    });
    config.export.include = types.map(str::to_owned).collect();
    let bindings = cbindgen::Builder::new()
        .with_src(root.join(path))
        .with_config(config)
        .generate()
        .map_err(|e| format!("{path}: {e}"))?;
    let mut text = Vec::new();
    bindings.write(&mut text);
    String::from_utf8(text).map_err(|e| e.to_string())
}
