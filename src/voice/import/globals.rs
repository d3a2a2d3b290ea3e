//! The whitelist: every name that a pickle may mention, and what we do when it is "called".
//!
//! None of these names is looked up anywhere. A pickle that mentions any other is refused.

use super::tensor::ElementType;
use crate::voice::error::{Error, Result};

/// What a name from the whitelist stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    /// `collections.OrderedDict` and its like.
    Dict,
    /// `set`, `frozenset`.
    Set,
    /// `torch._utils._rebuild_tensor` and `_rebuild_tensor_v2`.
    RebuildTensor,
    /// Functions that give back their first argument: `_rebuild_parameter`, `Parameter`, `torch.Size`.
    First,
    /// `torch._tensor._rebuild_from_type_v2(function, type, arguments, state)`.
    RebuildFromType,
    /// A storage class, such as `torch.HalfStorage`.
    Storage(ElementType),
    /// The class of a module: calling it makes an object whose state is kept to be read.
    Module,
    /// Something that training checkpoints carry and that weights do not depend on. Kept as an empty object.
    Ignored,
}

/// Looks a name up in the whitelist.
pub(super) fn lookup(module: &str, name: &str) -> Result<Global> {
    let known = match (module, name) {
        ("collections", "OrderedDict" | "defaultdict") | ("__builtin__" | "builtins", "dict") => {
            Some(Global::Dict)
        }
        ("__builtin__" | "builtins", "set" | "frozenset") => Some(Global::Set),
        ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Some(Global::RebuildTensor),
        ("torch._utils", "_rebuild_parameter" | "_rebuild_parameter_with_state") => {
            Some(Global::First)
        }
        ("torch.nn.parameter", "Parameter" | "Buffer")
        | ("torch.autograd.variable" | "torch.autograd", "Variable")
        | ("torch", "Size") => Some(Global::First),
        ("torch._tensor", "_rebuild_from_type_v2") => Some(Global::RebuildFromType),
        ("torch" | "torch.cuda" | "torch.storage", storage) if storage.ends_with("Storage") => {
            ElementType::of_storage(storage).map(Global::Storage)
        }
        _ if is_module(module, name) => Some(Global::Module),
        _ if is_ignored(module, name) => Some(Global::Ignored),
        _ => None,
    };
    known.ok_or_else(|| {
        // The name comes from the file and may be anything.
        let full: String = format!("{module}.{name}")
            .chars()
            .filter(|c| !c.is_control())
            .take(120)
            .collect();
        Error::ForbiddenGlobal(full)
    })
}

/// Classes of the published networks, where the published files and their forks keep them.
fn is_module(module: &str, name: &str) -> bool {
    let class = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    match module {
        "glow" | "glow_old" | "waveglow.glow" | "waveglow.glow_old" | "waveglow.model"
        | "__main__" => matches!(name, "WaveGlow" | "WN" | "Invertible1x1Conv" | "Upsample1d"),
        "model" | "tacotron2.model" | "layers" | "common.layers" | "tacotron2_common.layers" => {
            matches!(
                name,
                "Tacotron2"
                    | "Encoder"
                    | "Decoder"
                    | "Attention"
                    | "LocationLayer"
                    | "Prenet"
                    | "Postnet"
                    | "ConvNorm"
                    | "LinearNorm"
            )
        }
        // Nothing but a class of `torch.nn.modules.<file>`; functions start with a small letter.
        _ => module
            .strip_prefix("torch.nn.modules.")
            .is_some_and(|file| {
                class(name) && file.chars().all(|c| c.is_ascii_lowercase() || c == '_')
            }),
    }
}

fn is_ignored(module: &str, name: &str) -> bool {
    match module {
        "torch.nn.utils.weight_norm" => name == "WeightNorm",
        "torch.nn.backends.thnn" => name == "_get_thnn_function_backend",
        "torch.backends.cudnn.rnn" => name == "Unserializable",
        "torch" => matches!(
            name,
            "device"
                | "Tensor"
                | "float16"
                | "bfloat16"
                | "float32"
                | "float64"
                | "int64"
                | "contiguous_format"
                | "strided"
        ),
        "torch.serialization" => name == "_get_layout",
        "numpy" => matches!(name, "dtype" | "ndarray"),
        "numpy.core.multiarray" | "numpy._core.multiarray" => {
            matches!(name, "scalar" | "_reconstruct")
        }
        "_codecs" => name == "encode",
        "argparse" => name == "Namespace",
        "pathlib" => matches!(name, "PosixPath" | "PurePosixPath"),
        _ => false,
    }
}
