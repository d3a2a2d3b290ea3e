//! The GPU engine: each kernel against its twin on the CPU, the networks against PyTorch and the CPU, and what
//! becomes of a device that is lost or full.
//!
//! A machine without a Vulkan, Metal or DirectX 12 adapter says that nothing was tested; in CI that is a failure.
//! Mesa's lavapipe, an adapter in software, is enough: everything but speed.

#![cfg(feature = "gpu")]

mod bounds;
#[cfg(feature = "cli")]
mod command_line;
#[path = "../common/mod.rs"]
mod common;
mod engine;
mod failures;
mod kernels;
mod networks;
mod random;
mod translations;

use std::time::Duration;

use tts::backend::gpu::{Device, Options, adapters};

/// The best adapter, opened with every access of every kernel checked, and with the kernels that run everywhere.
fn device() -> Option<Device> {
    open(&Options {
        checked: true,
        subgroups: Some(false),
        cooperative: Some(false),
        ..Options::default()
    })
}

/// The same with a budget that nothing keeps to, so that every workgroup is a submission.
fn device_that_cuts() -> Option<Device> {
    open(&Options {
        checked: true,
        subgroups: Some(false),
        cooperative: Some(false),
        budget: Some(Duration::from_nanos(1)),
        ..Options::default()
    })
}

/// The same with products in cooperative matrices, which no adapter in software has: not a failure in CI.
fn device_with_cooperative() -> Option<Device> {
    let device = open(&Options {
        cooperative: Some(true),
        ..Options::default()
    })?;
    if !device.has_cooperative() {
        common::not_tested("cooperative matrices are not built in, or this adapter lists none");
        return None;
    }
    Some(device)
}

/// The same with the kernels that reduce with subgroup operations.
fn device_with_subgroups() -> Option<Device> {
    let device = open(&Options {
        checked: true,
        subgroups: Some(true),
        ..Options::default()
    })?;
    if !device.has_subgroups() {
        common::absent("an adapter with subgroup operations");
        return None;
    }
    Some(device)
}

fn open(options: &Options) -> Option<Device> {
    let Some(adapter) = adapters().iter().find(|a| a.obstacle().is_none()) else {
        common::absent("an adapter for the GPU tests (Mesa's lavapipe will do)");
        return None;
    };
    eprintln!("on {} ({})", adapter.name(), adapter.driver());
    Some(adapter.open(options).unwrap())
}
