//! What wgpu makes of a shader on each system: whether it can is asked when the library is built, since no machine has
//! all of Vulkan, Metal and DirectX.

use naga::Module;
use naga::back::{hlsl, msl, spv};
use naga::valid::ModuleInfo;

/// Says which system's language a shader cannot be written in. Not all have cooperative matrices.
pub(crate) fn check(module: &Module, info: &ModuleInfo, cooperative: bool) -> Result<(), String> {
    spv::write_vec(module, info, &spv::Options::default(), None)
        .map_err(|e| format!("Vulkan's SPIR-V: {e}"))?;
    if cooperative {
        return Ok(());
    }
    let metal = msl::Options {
        // As of macOS 12 and iOS 15.
        lang_version: (2, 4),
        fake_missing_bindings: true,
        ..msl::Options::default()
    };
    msl::write_string(module, info, &metal, &msl::PipelineOptions::default())
        .map_err(|e| format!("Metal's language: {e}"))?;
    let directx = hlsl::Options {
        // The first with half precision.
        shader_model: hlsl::ShaderModel::V6_2,
        fake_missing_bindings: true,
        immediates_target: Some(hlsl::BindTarget::default()),
        ..hlsl::Options::default()
    };
    let mut text = String::new();
    let entry = hlsl::PipelineOptions::default();
    hlsl::Writer::new(&mut text, &directx, &entry)
        .write(module, info, None)
        .map_err(|e| format!("DirectX's HLSL: {e}"))?;
    Ok(())
}
