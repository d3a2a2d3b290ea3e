//! What wgpu makes of a shader on each system, with what it tells naga there: whether it can is asked when the library is
//! built, since no machine has all of Vulkan, Metal and DirectX.

use naga::back::{hlsl, msl, spv};
use naga::proc::{BoundsCheckPolicies, BoundsCheckPolicy};
use naga::valid::ModuleInfo;
use naga::{Module, ResourceBinding, ShaderStage};

/// A shader in the language of a system: the ending of a file for it, and its content.
pub(crate) type Text = (&'static str, Vec<u8>);

/// The shader in the language of each system, as it is for trusted shaders; an error says which language it cannot be written in.
/// `half` and `subgroups` are what it needs of an adapter. Vulkan alone has cooperative matrices of this size.
pub(crate) fn translate(
    module: &Module,
    info: &ModuleInfo,
    (half, subgroups, cooperative): (bool, bool, bool),
) -> Result<Vec<Text>, String> {
    let mut texts = Vec::new();
    for checked in [true, false] {
        texts.clear();
        texts.push(("spv", spirv(module, info, checked)?));
        if cooperative {
            continue;
        }
        texts.push(("metal", metal(module, info, checked)?.into()));
        let newer = hlsl::ShaderModel::V6_2;
        texts.push(("6.hlsl", directx(module, info, checked, newer)?.into()));
        if !half && !subgroups {
            // For the compiler that comes with Windows, which has neither.
            let older = hlsl::ShaderModel::V5_1;
            texts.push(("5.hlsl", directx(module, info, checked, older)?.into()));
        }
    }
    Ok(texts)
}

fn spirv(module: &Module, info: &ModuleInfo, checked: bool) -> Result<Vec<u8>, String> {
    let options = spv::Options {
        // Of Vulkan 1.1, the least that wgpu takes.
        lang_version: (1, 3),
        bounds_check_policies: policies(checked),
        zero_initialize_workgroup_memory: spv::ZeroInitializeWorkgroupMemoryMode::None,
        force_loop_bounding: checked,
        emit_int_div_checks: checked,
        ..spv::Options::default()
    };
    let entry = spv::PipelineOptions {
        entry_point: "main".into(),
        shader_stage: ShaderStage::Compute,
    };
    let words = spv::write_vec(module, info, &options, Some(&entry))
        .map_err(|e| format!("Vulkan's SPIR-V: {e}"))?;
    Ok(words.iter().flat_map(|word| word.to_le_bytes()).collect())
}

fn metal(module: &Module, info: &ModuleInfo, checked: bool) -> Result<String, String> {
    let mut resources = msl::EntryPointResources {
        immediates_buffer: Some(0),
        ..msl::EntryPointResources::default()
    };
    let mut slots = 1..;
    for (place, writes) in bindings(module) {
        let target = msl::BindTarget {
            buffer: slots.next(),
            mutable: writes,
            ..msl::BindTarget::default()
        };
        resources.resources.insert(place, target);
    }
    resources.sizes_buffer = slots.next();
    let options = msl::Options {
        // As of macOS 12 and iOS 15.
        lang_version: (2, 4),
        per_entry_point_map: [("main".into(), resources)].into(),
        fake_missing_bindings: false,
        bounds_check_policies: policies(checked),
        zero_initialize_workgroup_memory: false,
        force_loop_bounding: checked,
        emit_int_div_checks: checked,
        ..msl::Options::default()
    };
    let entry = msl::PipelineOptions {
        entry_point: Some((ShaderStage::Compute, "main".into())),
        ..msl::PipelineOptions::default()
    };
    let (text, translation) = msl::write_string(module, info, &options, &entry)
        .map_err(|e| format!("Metal's language: {e}"))?;
    for name in translation.entry_point_names {
        name.map_err(|e| format!("Metal's language: {e}"))?;
    }
    Ok(text)
}

fn directx(
    module: &Module,
    info: &ModuleInfo,
    checked: bool,
    shader_model: hlsl::ShaderModel,
) -> Result<String, String> {
    let mut options = hlsl::Options {
        shader_model,
        fake_missing_bindings: false,
        immediates_target: Some(hlsl::BindTarget::default()),
        zero_initialize_workgroup_memory: false,
        restrict_indexing: checked,
        force_loop_bounding: checked,
        ..hlsl::Options::default()
    };
    // Those that are read and those that are written to count on their own.
    let mut registers = [0, 0];
    for (place, writes) in bindings(module) {
        let register = &mut registers[usize::from(writes)];
        let target = hlsl::BindTarget {
            register: *register,
            restrict_indexing: true,
            ..hlsl::BindTarget::default()
        };
        *register += 1;
        options.binding_map.insert(place, target);
    }
    let entry = hlsl::PipelineOptions {
        entry_point: Some((ShaderStage::Compute, "main".into())),
    };
    let mut text = String::new();
    let reflection = hlsl::Writer::new(&mut text, &options, &entry)
        .write(module, info, None)
        .map_err(|e| format!("DirectX's HLSL: {e}"))?;
    for name in reflection.entry_point_names {
        name.map_err(|e| format!("DirectX's HLSL: {e}"))?;
    }
    Ok(text)
}

/// The buffers of a shader, and whether it writes to them.
fn bindings(module: &Module) -> impl Iterator<Item = (ResourceBinding, bool)> {
    module.global_variables.iter().filter_map(|(_, variable)| {
        let naga::AddressSpace::Storage { access } = variable.space else {
            return None;
        };
        let writes = access.contains(naga::StorageAccess::STORE);
        Some((variable.binding?, writes))
    })
}

fn policies(checked: bool) -> BoundsCheckPolicies {
    let policy = if checked {
        BoundsCheckPolicy::Restrict
    } else {
        BoundsCheckPolicy::Unchecked
    };
    BoundsCheckPolicies {
        index: policy,
        buffer: policy,
        image_load: policy,
        binding_array: BoundsCheckPolicy::Unchecked,
    }
}
