//! Pipelines, each made once.

use std::sync::{Arc, OnceLock};

use wgpu::{
    ComputePipeline, ComputePipelineDescriptor, Device, PipelineCache, PipelineCompilationOptions,
    PipelineLayoutDescriptor, ShaderModuleDescriptor, ShaderRuntimeChecks, ShaderSource,
};

use super::bind_groups::BindGroups;
use super::pipeline_cache;
use super::shaders::{SHADERS, Shader};

/// All pipelines of a device, made when first needed or at warm-up.
pub(super) struct Pipelines {
    device: Device,
    checked: bool,
    cache: Option<PipelineCache>,
    bind_groups: Arc<BindGroups>,
    pipelines: Vec<OnceLock<ComputePipeline>>,
}

impl Pipelines {
    pub(super) fn new(
        device: Device,
        bind_groups: Arc<BindGroups>,
        checked: bool,
        cache: Option<PipelineCache>,
    ) -> Self {
        Self {
            device,
            checked,
            cache,
            bind_groups,
            pipelines: SHADERS.iter().map(|_| OnceLock::new()).collect(),
        }
    }

    /// The pipeline of a shader.
    pub(super) fn get(&self, shader: usize) -> &ComputePipeline {
        self.pipelines[shader].get_or_init(|| self.make(shader))
    }

    /// Makes all pipelines that are wanted, and tells how far it is.
    pub(super) fn warm_up(
        &self,
        is_wanted: &dyn Fn(&Shader) -> bool,
        progress: &mut dyn FnMut(f32),
    ) {
        let wanted = (0..SHADERS.len()).filter(|&shader| is_wanted(&SHADERS[shader]));
        let wanted: Vec<usize> = wanted.collect();
        for (i, &shader) in wanted.iter().enumerate() {
            self.get(shader);
            progress((i + 1) as f32 / wanted.len() as f32);
        }
    }

    /// What the driver compiled, to be given to another run; empty if it does not tell.
    pub(super) fn cache_data(&self) -> Vec<u8> {
        let cache = self.cache.as_ref();
        cache.map_or_else(Vec::new, pipeline_cache::blob)
    }

    /// How many were made so far.
    pub(super) fn made(&self) -> u64 {
        let made = self.pipelines.iter().filter(|p| p.get().is_some());
        made.count() as u64
    }

    fn make(&self, index: usize) -> ComputePipeline {
        let shader = &SHADERS[index];
        let descriptor = ShaderModuleDescriptor {
            label: Some(shader.name),
            source: ShaderSource::Wgsl(shader.source.into()),
        };
        let module = if self.checked {
            self.device.create_shader_module(descriptor)
        } else {
            // SAFETY: the recorder checks every place that a kernel touches against its tensors before it records it
            // (`kernels`, whose asserts tests provoke), indices that kernels take from memory among them, and loops are
            // bounded by those sizes. Tests run every kernel checked as well.
            #[allow(unsafe_code)]
            unsafe {
                let checks = ShaderRuntimeChecks::unchecked();
                self.device.create_shader_module_trusted(descriptor, checks)
            }
        };
        let bindings = self.bind_groups.layout(index);
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
}
