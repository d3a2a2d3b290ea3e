//! Which buffers a kernel sees: bind groups and their layouts, each made once.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use wgpu::{
    BindGroup, BindGroupDescriptor, BindGroupEntry, BindGroupLayout, BindGroupLayoutDescriptor,
    BindGroupLayoutEntry, BindingType, BufferBindingType, Device, ShaderStages,
};

use super::memory::{Buffer, lock};
use super::shaders::SHADERS;

/// Bind groups that are kept. A voice needs some hundreds; more means that tensors were paired anew too often.
const MOST: usize = 1 << 14;

/// Numbers of a kernel's buffers, in order.
type Ids = [u32; 8];

pub(super) struct BindGroups {
    device: Device,
    /// One for each way to bind buffers, which kernels share.
    layouts: HashMap<&'static [bool], (usize, BindGroupLayout)>,
    groups: Mutex<HashMap<(usize, Ids), BindGroup>>,
    made: AtomicU64,
}

impl BindGroups {
    pub(super) fn new(device: Device) -> Self {
        let mut layouts = HashMap::new();
        for shader in SHADERS {
            let number = layouts.len();
            layouts
                .entry(shader.writes)
                .or_insert_with(|| (number, layout(&device, shader.writes)));
        }
        Self {
            device,
            layouts,
            groups: Mutex::default(),
            made: AtomicU64::new(0),
        }
    }

    /// How a shader binds its buffers.
    pub(super) fn layout(&self, shader: usize) -> &BindGroupLayout {
        &self.layouts[SHADERS[shader].writes].1
    }

    /// The bind group of these buffers for a shader: in the steady state one that is there already.
    pub(super) fn get(&self, shader: usize, buffers: &[&Buffer]) -> BindGroup {
        let (number, layout) = &self.layouts[SHADERS[shader].writes];
        let mut ids = [u32::MAX; 8];
        for (id, buffer) in ids.iter_mut().zip(buffers) {
            *id = buffer.id;
        }
        let mut groups = lock(&self.groups);
        if groups.len() > MOST {
            groups.clear();
        }
        let group = groups.entry((*number, ids)).or_insert_with(|| {
            self.made.fetch_add(1, Ordering::Relaxed);
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
    pub(super) fn forget(&self, freed: &[u32]) {
        lock(&self.groups).retain(|(_, ids), _| !ids.iter().any(|id| freed.contains(id)));
    }

    /// How many were made so far.
    pub(super) fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
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
