//! What the build made of the shaders for each system, given to compilers of others than naga's authors.
//!
//! DirectX's own compiler and Metal's run on no machine of ours. The open one for HLSL knows no half precision.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::common::absent;

/// Files of the build whose names end so.
fn translations(ending: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("OUT_DIR")).join("translated");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap());
    let files = files.filter(|file| file.file_name().to_string_lossy().ends_with(ending));
    files.map(|file| file.path()).collect()
}

/// Gives a program one file after the other; whether it is there.
fn accepts(program: &str, arguments: &[&str], files: &[PathBuf]) -> bool {
    if Command::new(program).arg("--version").output().is_err() {
        return false;
    }
    assert!(files.len() > 20, "{} shaders", files.len());
    for file in files {
        let output = Command::new(program).args(arguments).arg(file).output();
        let output = output.unwrap();
        let said =
            String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", file.display());
    }
    true
}

#[test]
fn vulkan_takes_them() {
    let mut files = translations(".spv");
    // Younger than the validator of a stable distribution.
    files.retain(|file| !file.to_string_lossy().contains("coop"));
    if !accepts("spirv-val", &["--target-env", "vulkan1.1"], &files) {
        absent("spirv-val (spirv-tools)");
    }
}

#[test]
fn directx_takes_those_in_single_precision() {
    let mut files = translations(".hlsl");
    files.retain(|file| !file.to_string_lossy().contains(".f16."));
    let hlsl = [
        "-D",
        "-V",
        "--target-env",
        "vulkan1.1",
        "-S",
        "comp",
        "-e",
        "main",
        "-o",
        "/dev/null",
    ];
    if !accepts("glslangValidator", &hlsl, &files) {
        absent("glslangValidator (glslang-tools)");
    }
}
