//! The GPU backend, over wgpu: Vulkan, Metal, DirectX 12.
//!
//! `adapter` finds a graphics adapter and opens it as a `device`; [`Gpu`] records the kernels of one job (`kernels`,
//! `attention`) as data (`recorder`), hands them to the queue in submissions, and takes what comes back (`download`).
//! `shaders` is what the build made of the WGSL in `shaders/`; `pipelines` keeps their pipelines, which `pipeline_cache`
//! makes a blob of, `bind_groups` what they bind, `memory` the buffers, `matrix` the order of weights, `profile` the clock,
//! `forecast` what kernels are going to take.
//!
//! A kernel's bounds are checked when it is recorded: its shader does not check them again.

mod adapter;
mod attention;
mod bind_groups;
mod cooperative;
mod device;
mod dispatch;
mod download;
mod forecast;
mod kernels;
mod matrix;
mod memory;
mod pipeline_cache;
mod pipelines;
mod profile;
mod recorder;
mod shaders;
mod tensor;
#[cfg(test)]
mod tests;

pub use adapter::{Adapter, adapters};
pub use device::{Device, Made, Options};
pub use kernels::{Gpu, Pending};
pub use matrix::Matrix;
pub use tensor::Tensor;
