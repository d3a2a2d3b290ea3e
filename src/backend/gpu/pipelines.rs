//! Pipelines and bind groups, each made once.

use std::collections::HashMap;
use std::sync::{Mutex, OnceLock};

use wgpu::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, BindGroupLayout, BindGroupLayoutDescriptor,
    BindGroupLayoutEntry, BindingType, BufferBindingType, ComputePipeline,
    ComputePipelineDescriptor, Device, PipelineCache, PipelineCompilationOptions,
    PipelineLayoutDescriptor, ShaderModuleDescriptor, ShaderRuntimeChecks, ShaderSource,
    ShaderStages,
};

use super::memory::{Buffer, Memory, lock};
use super::shaders::{SHADERS, Shader, Storage};

/// Bind groups that are kept. A voice needs some hundreds; more means that tensors were paired anew too often.
const MOST_BIND_GROUPS: usize = 1 << 14;

/// Numbers of a kernel's buffers, in order.
type Ids = [u32; 8];

/// All pipelines of a device, made when first needed or at warm-up.
pub(super) struct Pipelines {
    device: Device,
    checked: bool,
    cache: Option<PipelineCache>,
    made: Vec<OnceLock<ComputePipeline>>,
    /// One for each way to bind buffers, which kernels share.
    layouts: HashMap<&'static [bool], (usize, BindGroupLayout)>,
    bind_groups: Mutex<HashMap<(usize, Ids), BindGroup>>,
}

impl Pipelines {
    pub(super) fn new(device: Device, checked: bool, cache: Option<PipelineCache>) -> Self {
        let mut layouts = HashMap::new();
        for shader in SHADERS {
            let number = layouts.len();
            layouts
                .entry(shader.writes)
                .or_insert_with(|| (number, layout(&device, shader.writes)));
        }
        Self {
            device,
            checked,
            cache,
            made: SHADERS.iter().map(|_| OnceLock::new()).collect(),
            layouts,
            bind_groups: Mutex::default(),
        }
    }

    /// The pipeline of a shader.
    pub(super) fn get(&self, shader: usize) -> &ComputePipeline {
        self.made[shader].get_or_init(|| self.make(&SHADERS[shader]))
    }

    /// Makes all pipelines for weights stored like this, and tells how far it is.
    pub(super) fn warm_up(&self, storages: &[Storage], progress: &mut dyn FnMut(f32)) {
        let wanted = |s: &usize| storages.contains(&SHADERS[*s].storage);
        let wanted: Vec<usize> = (0..SHADERS.len()).filter(wanted).collect();
        for (i, &shader) in wanted.iter().enumerate() {
            self.get(shader);
            progress((i + 1) as f32 / wanted.len() as f32);
        }
    }

    /// What the driver compiled, to be given to another run; empty if it does not tell.
    pub(super) fn cache_data(&self) -> Vec<u8> {
        let cache = self.cache.as_ref();
        cache.and_then(PipelineCache::get_data).unwrap_or_default()
    }

    fn make(&self, shader: &Shader) -> ComputePipeline {
        let descriptor = ShaderModuleDescriptor {
            label: Some(shader.name),
            source: ShaderSource::Wgsl(shader.source.into()),
        };
        let module = if self.checked {
            self.device.create_shader_module(descriptor)
        } else {
            // SAFETY: the recorder checks every place that a kernel touches against its tensors before it
            // records it, and the kernels' loops are bounded by those sizes; tests run them checked.
            #[allow(unsafe_code)]
            unsafe {
                let checks = ShaderRuntimeChecks::unchecked();
                self.device.create_shader_module_trusted(descriptor, checks)
            }
        };
        let (_, bindings) = &self.layouts[shader.writes];
        let layout = self
            .device
            .create_pipeline_layout(&PipelineLayoutDescriptor {
                label: Some(shader.name),
                bind_group_layouts: &[Some(bindings)],
                immediate_size: shader.immediates,
            });
        self.device
            .create_compute_pipeline(&ComputePipelineDescriptor {
                label: Some(shader.name),
                layout: Some(&layout),
                module: &module,
                entry_point: Some("main"),
                compilation_options: PipelineCompilationOptions {
                    // Every kernel writes its workgroup memory before it reads it.
                    zero_initialize_workgroup_memory: false,
                    ..PipelineCompilationOptions::default()
                },
                cache: self.cache.as_ref(),
            })
    }

    /// The bind group of these buffers for a shader: in the steady state one that is there already.
    pub(super) fn bind_group(&self, shader: usize, buffers: &[&Buffer]) -> BindGroup {
        let (number, layout) = &self.layouts[SHADERS[shader].writes];
        let mut ids = [u32::MAX; 8];
        for (id, buffer) in ids.iter_mut().zip(buffers) {
            *id = buffer.id;
        }
        let mut groups = lock(&self.bind_groups);
        if groups.len() > MOST_BIND_GROUPS {
            groups.clear();
        }
        let group = groups.entry((*number, ids)).or_insert_with(|| {
            let entries = buffers.iter().enumerate();
            let entries = entries.map(|(binding, buffer)| BindGroupEntry {
                binding: binding as u32,
                resource: buffer.raw.as_entire_binding(),
            });
            self.device.create_bind_group(&BindGroupDescriptor {
                label: None,
                layout,
                entries: &entries.collect::<Vec<_>>(),
            })
        });
        group.clone()
    }

    /// Forgets the bind groups of freed buffers, which would keep their memory.
    pub(super) fn forget_freed(&self, memory: &Memory) {
        let freed = memory.take_freed();
        if !freed.is_empty() {
            lock(&self.bind_groups).retain(|(_, ids), _| !ids.iter().any(|id| freed.contains(id)));
        }
    }
}

fn layout(device: &Device, writes: &[bool]) -> BindGroupLayout {
    let entries = writes
        .iter()
        .enumerate()
        .map(|(binding, &writes)| BindGroupLayoutEntry {
            binding: binding as u32,
            visibility: ShaderStages::COMPUTE,
            ty: BindingType::Buffer {
                ty: BufferBindingType::Storage { read_only: !writes },
                has_dynamic_offset: false,
                min_binding_size: None,
            },
            count: None,
        });
    device.create_bind_group_layout(&BindGroupLayoutDescriptor {
        label: None,
        entries: &entries.collect::<Vec<_>>(),
    })
}
