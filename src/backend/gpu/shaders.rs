//! The shaders that the build made of `shaders/`: one for each kernel, tile shape and storage of the weights.

use crate::backend::Precision;

include!(concat!(env!("OUT_DIR"), "/shaders.rs"));

/// A shader, checked by naga when the library was built.
pub(super) struct Shader {
    /// Kernel, shape, storage, and whether it uses subgroups.
    pub(super) name: &'static str,
    pub(super) storage: Storage,
    /// Whether it needs subgroup operations, if there is a version that does and one that does not.
    pub(super) subgroups: Option<bool>,
    /// Whether it needs cooperative matrices.
    pub(super) cooperative: bool,
    /// For each binding, whether it is written to.
    pub(super) writes: &'static [bool],
    /// Bytes of its parameters.
    pub(super) immediates: u32,
    pub(super) source: &'static str,
}

/// How a product is cut up; `shaders/permutations` says more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Any,
    Few1,
    Few4,
    Rows16,
    Rows64,
    /// Made only with the feature `cooperative-matrix`.
    Coop64,
}

impl Shape {
    /// Rows of a workgroup.
    pub(super) fn rows(self) -> usize {
        match self {
            Self::Any | Self::Few1 => 1,
            Self::Few4 => 4,
            Self::Rows16 => 16,
            Self::Rows64 | Self::Coop64 => 64,
        }
    }
}

/// What a kernel's weights are stored as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    Any,
    F32,
    F16,
}

impl From<Precision> for Storage {
    fn from(precision: Precision) -> Self {
        match precision {
            Precision::F32 => Self::F32,
            Precision::F16 => Self::F16,
        }
    }
}
