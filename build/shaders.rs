//! Reads `shaders/`, makes every permutation of every kernel, and checks each with naga, for every system that wgpu
//! speaks to, so that a mistake in a shader fails the build with the file and line where it stands. What the library needs of them goes to
//! `$OUT_DIR/shaders.rs`.
//!
//! WGSL has no includes and no conditions, so a few directives stand for them, each on a line of its own:
//! `#import name` (a file of `shaders/shared`), `#ifdef NAME`, `#else`, `#endif`, and `#unroll i N` ... `#end`, which
//! repeats its lines with `$i` replaced by 0, 1, ...: values in registers have names, not indices.

#[path = "translate.rs"]
mod translate;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{AddressSpace, Module, Scalar, StorageAccess, StructMember, TypeInner, front::wgsl};

/// What WebGPU guarantees: a kernel that needs more does not run everywhere.
const MOST_STORAGE_BUFFERS: usize = 8;
const MOST_PARAMETERS: usize = 64 / 4;

/// What the parameters of every kernel begin with: the first of its workgroups that are run, since a kernel may be run in
/// pieces.
const FIRST_PARAMETER: &str = "first_group: u32";

/// Makes `$OUT_DIR/shaders.rs`.
pub(crate) fn generate(root: &Path, out: &Path) {
    let folder = root.join("shaders");
    println!("cargo:rerun-if-changed=shaders");
    println!("cargo:rerun-if-changed=build");
    let permutations = read(&folder.join("permutations"));
    // For tests that give them to compilers.
    let translated = out.join("translated");
    let _ = fs::remove_dir_all(&translated);
    fs::create_dir_all(&translated).expect("OUT_DIR can be written to");
    let mut kernels = Vec::new();
    let (mut arms, mut table) = (String::new(), String::new());
    // The `Params` of each kernel, which its versions share.
    let mut parameters = BTreeMap::new();
    let mut count = 0;
    for line in permutations
        .lines()
        .filter(|l| !l.trim().is_empty() && !l.starts_with('#'))
    {
        let (kernel, versions) = versions(line);
        kernels.push(kernel.to_owned());
        for version in versions {
            let source = Source::expand(&folder, kernel, &version);
            let facts = source.check();
            for (ending, text) in &facts.translations {
                let path = translated.join(format!("{}.{ending}", source.name));
                fs::write(path, text).expect("OUT_DIR can be written to");
            }
            let (shape, storage) = (camel(version.shape), camel(version.storage));
            // Where there is but one version, it is the one with subgroups and the one without.
            let pattern = version.subgroups.map_or("_".to_owned(), |s| s.to_string());
            let _ = writeln!(
                arms,
                "        (Kernel::{}, Shape::{shape}, Storage::{storage}, {pattern}) => {count},",
                camel(kernel),
            );
            let _ = writeln!(
                table,
                "    Shader {{ name: \"{}\", storage: Storage::{storage}, subgroups: {:?}, \
                 cooperative: {}, writes: &{:?}, immediates: {}, source: {:?} }},",
                source.name,
                version.subgroups,
                source.defines.contains_key("COOPERATIVE"),
                facts.writes,
                4 * facts.parameters.len(),
                source.text,
            );
            parameters.insert(camel(kernel), facts.parameters);
            count += 1;
        }
    }
    for entry in fs::read_dir(&folder).expect("shaders is a folder") {
        let path = entry.expect("shaders can be listed").path();
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        assert!(
            path.extension().is_none_or(|e| e != "wgsl") || kernels.contains(&stem),
            "shaders/{stem}.wgsl is not in shaders/permutations"
        );
    }
    let variants: String = kernels.iter().fold(String::new(), |mut text, kernel| {
        let _ = write!(text, " {},", camel(kernel));
        text
    });
    let structs = parameters.iter().fold(String::new(), |text, (kernel, members)| {
        let members = members[1..].concat();
        text + &format!(
            "    #[repr(C)]\n    #[derive(Clone, Copy, Pod, Zeroable)]\n    pub struct {kernel} {{\n{members}    }}\n"
        )
    });
    let text = format!(
        "/// Parameters of each kernel, as its shader declares and explains them, after `first_group`.\n\
         pub(super) mod parameters {{\n    #![allow(unreachable_pub, missing_docs)]\n    \
         use bytemuck::{{Pod, Zeroable}};\n{structs}}}\n\n\
         /// A kernel: a file of `shaders/`.\n#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]\n\
         pub(super) enum Kernel {{{variants} }}\n\n\
         /// Place of a permutation in [`SHADERS`].\n\
         pub(super) fn index(kernel: Kernel, shape: Shape, storage: Storage, subgroups: bool) -> Option<usize> {{\n    \
         Some(match (kernel, shape, storage, subgroups) {{\n{arms}        _ => return None,\n    }})\n}}\n\n\
         /// All permutations.\npub(super) static SHADERS: &[Shader] = &[\n{table}];\n"
    );
    fs::write(out.join("shaders.rs"), text).expect("OUT_DIR can be written to");
}

/// What one permutation of a kernel is made of.
struct Version<'a> {
    /// How a product is cut up, or `any`.
    shape: &'a str,
    /// Storage of the weights, or `any`.
    storage: &'a str,
    /// Whether it uses subgroups, if there is a version that does and one that does not.
    subgroups: Option<bool>,
}

/// The kernel of a line of `permutations`, and its versions.
fn versions(line: &str) -> (&str, Vec<Version<'_>>) {
    let mut words = line.split_whitespace();
    let kernel = words.next().expect("a line has a word");
    let words: Vec<&str> = words.filter(|word| *word != "-").collect();
    let (mut shapes, mut storages, mut with_subgroups) = (Vec::new(), Vec::new(), false);
    for word in words {
        match word {
            "subgroups" => with_subgroups = true,
            "f32" | "f16" => storages.push(word),
            shape => shapes.push(shape),
        }
    }
    for list in [&mut shapes, &mut storages] {
        if list.is_empty() {
            list.push("any");
        }
    }
    let mut versions = Vec::new();
    for &storage in &storages {
        for &shape in &shapes {
            if shape.starts_with("coop")
                && !(cfg!(feature = "cooperative-matrix") && storage == "f16")
            {
                continue;
            }
            let choices: &[_] = if with_subgroups && ["any", "few1", "few4"].contains(&shape) {
                &[Some(false), Some(true)]
            } else {
                &[None]
            };
            versions.extend(choices.iter().map(|&subgroups| Version {
                shape,
                storage,
                subgroups,
            }));
        }
    }
    (kernel, versions)
}

/// What the library must know of a shader to bind it.
struct Facts {
    /// For each binding, whether the shader writes to it.
    writes: Vec<bool>,
    /// Its parameters, each of four bytes, as members of a struct in Rust.
    parameters: Vec<String>,
    translations: Vec<translate::Text>,
}

/// A shader with its directives carried out, and where each of its lines comes from.
struct Source {
    name: String,
    text: String,
    lines: Vec<(PathBuf, usize)>,
    defines: BTreeMap<String, u32>,
}

impl Source {
    fn expand(folder: &Path, kernel: &str, version: &Version<'_>) -> Self {
        let Version { shape, storage, .. } = *version;
        let subgroups = version.subgroups == Some(true);
        let mut defines = BTreeMap::new();
        let rows = shape.trim_start_matches(char::is_alphabetic).parse().ok();
        match (shape.trim_end_matches(|c: char| c.is_ascii_digit()), rows) {
            ("few", Some(rows)) => {
                defines.insert("FEW".to_owned(), 1);
                defines.insert("ROWS".to_owned(), rows);
            }
            // Rows of matrices.
            ("coop", Some(rows)) => {
                defines.insert("COOPERATIVE".to_owned(), 1);
                defines.insert("ROWS".to_owned(), rows / 16);
            }
            // A tile has sixteen threads down its rows.
            ("rows", Some(rows)) => {
                let of_thread: u32 = rows / 16;
                defines.insert("ROWS".to_owned(), of_thread);
                if of_thread == 1 {
                    defines.insert("ONE_ROW".to_owned(), 1);
                }
            }
            _ => {}
        }
        if storage == "f16" {
            defines.insert("F16".to_owned(), 1);
        }
        if subgroups {
            defines.insert("SUBGROUPS".to_owned(), 1);
        }
        let reduction = if subgroups { "subgroups" } else { "any" };
        let mut source = Self {
            name: [kernel, shape, storage, reduction]
                .into_iter()
                .filter(|part| *part != "any")
                .collect::<Vec<_>>()
                .join("."),
            text: String::new(),
            lines: Vec::new(),
            defines,
        };
        let origin = folder.join("permutations");
        if source.defines.contains_key("F16") {
            source.push("enable f16;", &origin, 1);
        }
        if source.defines.contains_key("COOPERATIVE") {
            source.push("enable wgpu_cooperative_matrix;", &origin, 1);
        }
        if let Some(rows) = source.defines.get("ROWS") {
            source.push(&format!("const ROWS = {rows}u;"), &origin, 1);
        }
        source.file(folder, &folder.join(format!("{kernel}.wgsl")));
        source
    }

    fn push(&mut self, line: &str, file: &Path, number: usize) {
        self.text.push_str(line);
        self.text.push('\n');
        self.lines.push((file.to_owned(), number));
    }

    #[allow(
        clippy::type_complexity,
        reason = "the name, the count and the numbered lines of one repetition"
    )]
    fn file(&mut self, folder: &Path, path: &Path) {
        let text = read(path);
        // Whether the lines of each open condition count, and the open repetition.
        let mut conditions: Vec<bool> = Vec::new();
        let mut unroll: Option<(String, u32, Vec<(usize, String)>)> = None;
        for (number, line) in text.lines().enumerate().map(|(i, line)| (i + 1, line)) {
            let fail = |message: &str| -> ! { panic!("{}:{number}: {message}", path.display()) };
            let mut words = line.split_whitespace();
            let directive = words.next().unwrap_or_default();
            let argument = words.next();
            let active = conditions.iter().all(|&c| c);
            match directive {
                "#ifdef" => {
                    let name = argument.unwrap_or_else(|| fail("#ifdef needs a name"));
                    conditions.push(self.defines.contains_key(name));
                }
                "#else" => match conditions.last_mut() {
                    Some(condition) => *condition = !*condition,
                    None => fail("#else without #ifdef"),
                },
                "#endif" => {
                    if conditions.pop().is_none() {
                        fail("#endif without #ifdef");
                    }
                }
                _ if !active => {}
                "#import" => {
                    let name = argument.unwrap_or_else(|| fail("#import needs a name"));
                    self.file(folder, &folder.join("shared").join(format!("{name}.wgsl")));
                }
                "#unroll" => {
                    let (Some(variable), Some(count)) = (argument, words.next()) else {
                        fail("#unroll needs a name and a number")
                    };
                    let count = count
                        .parse()
                        .ok()
                        .or_else(|| self.defines.get(count).copied());
                    let count = count.unwrap_or_else(|| fail("#unroll needs a number"));
                    unroll = Some((variable.to_owned(), count, Vec::new()));
                }
                "#end" => {
                    let Some((variable, count, body)) = unroll.take() else {
                        fail("#end without #unroll")
                    };
                    for i in 0..count {
                        for (number, line) in &body {
                            // `$iu` is a number of its own, `$i` a part of a name.
                            let line = line.replace(&format!("${variable}u"), &format!("{i}u"));
                            let line = line.replace(&format!("${variable}"), &i.to_string());
                            self.push(&line, path, *number);
                        }
                    }
                }
                _ if directive.starts_with('#') => fail("no such directive"),
                _ => match &mut unroll {
                    Some((_, _, body)) => body.push((number, line.to_owned())),
                    None => self.push(line, path, number),
                },
            }
        }
        assert!(
            conditions.is_empty() && unroll.is_none(),
            "{}: a condition or repetition is not closed",
            path.display()
        );
    }

    /// Parses and validates, and reads off what there is to bind.
    fn check(&self) -> Facts {
        let module = wgsl::parse_str(&self.text)
            .unwrap_or_else(|e| self.fail(e.location(&self.text), &e.emit_to_string(&self.text)));
        // Each version may use what its adapters are chosen for, and no more.
        let mut capabilities = Capabilities::IMMEDIATES;
        for (define, capability) in [
            ("F16", Capabilities::SHADER_FLOAT16),
            ("SUBGROUPS", Capabilities::SUBGROUP),
            (
                "COOPERATIVE",
                Capabilities::COOPERATIVE_MATRIX.union(Capabilities::SUBGROUP),
            ),
        ] {
            if self.defines.contains_key(define) {
                capabilities |= capability;
            }
        }
        let info = Validator::new(ValidationFlags::all(), capabilities)
            .validate(&module)
            .unwrap_or_else(|e| self.fail(e.location(&self.text), &e.emit_to_string(&self.text)));
        let has = |define| self.defines.contains_key(define);
        let needs = (has("F16"), has("SUBGROUPS"), has("COOPERATIVE"));
        let translations =
            translate::translate(&module, &info, needs).unwrap_or_else(|e| self.fail(None, &e));
        let mut bindings = BTreeMap::new();
        let mut parameters = Vec::new();
        for (_, variable) in module.global_variables.iter() {
            match (variable.space, &variable.binding) {
                (AddressSpace::Storage { access }, Some(place)) => {
                    bindings.insert(place.binding, access.contains(StorageAccess::STORE));
                }
                (AddressSpace::Immediate, _) => {
                    let TypeInner::Struct { members, .. } = &module.types[variable.ty].inner else {
                        self.fail(None, "parameters are a struct");
                    };
                    parameters = members.iter().map(|m| self.parameter(&module, m)).collect();
                }
                _ => {}
            }
        }
        let writes: Vec<bool> = bindings.values().copied().collect();
        assert!(
            bindings.keys().copied().eq(0..writes.len() as u32)
                && writes.len() <= MOST_STORAGE_BUFFERS,
            "{}: bindings are not 0, 1, ... up to 7",
            self.name
        );
        assert!(
            parameters
                .first()
                .is_some_and(|p| p.contains(FIRST_PARAMETER)),
            "{}: parameters do not begin with {FIRST_PARAMETER}",
            self.name
        );
        assert!(
            parameters.len() <= MOST_PARAMETERS,
            "{}: {} parameters",
            self.name,
            parameters.len()
        );
        Facts {
            writes,
            parameters,
            translations,
        }
    }

    /// A parameter as a member of a struct in Rust.
    fn parameter(&self, module: &Module, member: &StructMember) -> String {
        let kind = match module.types[member.ty].inner {
            TypeInner::Scalar(Scalar::U32) => "u32",
            TypeInner::Scalar(Scalar::F32) => "f32",
            _ => self.fail(None, "a parameter is neither u32 nor f32"),
        };
        format!(
            "        pub {}: {kind},\n",
            member.name.as_deref().unwrap_or_default()
        )
    }

    fn fail(&self, at: Option<naga::SourceLocation>, message: &str) -> ! {
        let line = at.and_then(|at| self.lines.get(at.line_number as usize - 1));
        let place = line.map_or_else(String::new, |(file, number)| {
            format!("{}:{number}: ", file.display())
        });
        panic!("{place}in {}\n{message}", self.name)
    }
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn camel(name: &str) -> String {
    let words = name.split('_');
    words
        .map(|word| word[..1].to_ascii_uppercase() + &word[1..])
        .collect()
}
