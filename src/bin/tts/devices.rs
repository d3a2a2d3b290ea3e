//! `tts devices`: what can speak here.

use serde::Serialize;

use tts::synth;

use crate::args::Devices;
use crate::fail::Result;
use crate::print;

#[derive(Serialize)]
struct List {
    devices: Vec<Device>,
}

#[derive(Serialize)]
struct Device {
    /// As `--device` takes it.
    #[serde(rename = "device")]
    kind: &'static str,
    name: String,
    usable: bool,
    note: String,
    f16: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_mb: Option<f64>,
}

pub(crate) fn run(args: &Devices) -> Result {
    let devices: Vec<Device> = synth::devices()
        .into_iter()
        .map(|device| Device {
            kind: device.kind,
            name: device.name,
            usable: device.usable,
            note: device.note,
            f16: device.f16,
            memory_mb: device.memory.map(|bytes| bytes as f64 / 1e6),
        })
        .collect();
    if args.json {
        return print::json(&List { devices });
    }
    for device in devices {
        let usable = if device.usable { "" } else { "not usable: " };
        let memory = device.memory_mb.map_or_else(String::new, |mb| {
            format!(", {} MB of memory", print::thousands(mb as u64))
        });
        print::line(&format!(
            "{:6} {} ({usable}{}{memory})",
            device.kind, device.name, device.note
        ))?;
    }
    Ok(())
}
