//! The GPU backend, over wgpu: Vulkan, Metal, DirectX 12.
//!
//! `device` finds an adapter and opens it; [`Gpu`] records the kernels of one job as data (`recorder`) and hands
//! them to the queue in submissions. `shaders` is what the build made of the WGSL in `shaders/`, `pipelines` keeps
//! their pipelines and bind groups, `memory` the buffers, `matrix` the order of weights, `profile` the clock.
//!
//! A kernel's bounds are checked when it is recorded: its shader does not check them again.

mod device;
mod kernels;
mod matrix;
mod memory;
mod pipelines;
mod profile;
mod recorder;
mod shaders;
mod tensor;

pub use device::{Adapter, Device, Options, adapters};
pub use kernels::{Gpu, Pending};
pub use matrix::Matrix;
pub use tensor::Tensor;
