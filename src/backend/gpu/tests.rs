//! What a device refuses, asked for from inside, since the interface does not let it come to that.

use wgpu::{
    BufferDescriptor, BufferUsages, ComputePipelineDescriptor, Device as Raw,
    PipelineCompilationOptions, PollType, ShaderModule, ShaderModuleDescriptor, ShaderSource,
};

use super::pipeline_cache::seal;
use super::{Device, Gpu, Options, adapters};
use crate::backend::{Backend, Error, Precision};

/// None without an adapter, which the tests of `tests/gpu` say and CI does not accept.
fn device(options: &Options) -> Option<Device> {
    let adapter = adapters().iter().find(|a| a.obstacle().is_none())?;
    Some(adapter.open(options).unwrap())
}

/// Whether it computes.
fn works(device: &Device) -> Result<(), Error> {
    let gpu = &mut Gpu::on(device);
    let tensor = gpu.zeros(3, 5);
    let values = gpu.read(&tensor, 0..3)?;
    assert_eq!(values, [0.0; 15]);
    Ok(())
}

fn shader(device: &Raw, text: &'static str) -> ShaderModule {
    device.create_shader_module(ShaderModuleDescriptor {
        label: None,
        source: ShaderSource::Wgsl(text.into()),
    })
}

fn no_shader(device: &Raw) {
    shader(device, "this is no shader");
}

fn a_shader_of_wrong_types(device: &Raw) {
    shader(
        device,
        "@compute @workgroup_size(1) fn main() { let x: u32 = 1.5; }",
    );
}

fn a_pipeline_without_its_entry_point(device: &Raw) {
    let _ = device.create_compute_pipeline(&ComputePipelineDescriptor {
        label: None,
        layout: None,
        module: &shader(device, "fn other() {}"),
        entry_point: Some("main"),
        compilation_options: PipelineCompilationOptions::default(),
        cache: None,
    });
}

fn a_buffer_beyond_all_limits(device: &Raw) {
    let _ = device.create_buffer(&BufferDescriptor {
        label: None,
        size: 1 << 60,
        usage: BufferUsages::STORAGE,
        mapped_at_creation: false,
    });
}

/// What wgpu refuses ends with an error in all that follows, and without a panic. Another device works.
#[test]
fn what_is_refused_is_an_error() {
    for misuse in [
        no_shader,
        a_shader_of_wrong_types,
        a_pipeline_without_its_entry_point,
        a_buffer_beyond_all_limits,
    ] {
        let Some(device) = device(&Options::default()) else {
            return;
        };
        works(&device).unwrap();
        misuse(&device.0.device);
        for _ in 0..2 {
            let error = works(&device);
            assert!(matches!(error, Err(Error::Lost(_))), "{error:?}");
        }
        let error = device.warm_up(Precision::F32, &mut |_| ());
        assert!(matches!(error, Err(Error::Lost(_))), "{error:?}");
    }
}

/// That a device is lost is not forgotten because memory was short before.
#[test]
fn a_loss_is_said_after_a_lack_of_memory() {
    let Some(device) = device(&Options::default()) else {
        return;
    };
    super::device::note(&device.0.fault, Error::OutOfMemory(String::new()));
    device.lose();
    device.0.device.poll(PollType::wait_indefinitely()).ok();
    for _ in 0..2 {
        let error = works(&device);
        assert!(matches!(error, Err(Error::Lost(_))), "{error:?}");
    }
}

/// What is sealed as a pipeline cache, but comes from no driver or another one, is passed over.
#[test]
fn a_foreign_pipeline_cache_is_passed_over() {
    let Some(first) = device(&Options::default()) else {
        return;
    };
    first.warm_up(Precision::F32, &mut |_| ()).unwrap();
    let blob = first.pipeline_cache();
    let data = &blob[16..];
    let mut foreign = vec![Vec::new(), vec![0; 200], data[..data.len() / 2].to_vec()];
    // The header of wgpu's: which adapter, driver and version, each in turn that of another.
    for at in 0..data.len().min(64) {
        let mut changed = data.to_vec();
        changed[at] ^= 0x55;
        foreign.push(changed);
    }
    for data in foreign {
        let pipeline_cache = seal(&data);
        let options = Options {
            pipeline_cache,
            ..Options::default()
        };
        works(&device(&options).unwrap()).unwrap();
    }
}
