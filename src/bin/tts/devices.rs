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
}

pub(crate) fn run(args: &Devices) -> Result {
    let devices: Vec<Device> = synth::devices()
        .into_iter()
        .map(|device| Device {
            kind: device.kind,
            name: device.name,
            usable: device.usable,
            note: device.note,
        })
        .collect();
    if args.json {
        return print::json(&List { devices });
    }
    for device in devices {
        let usable = if device.usable { "" } else { "not usable: " };
        print::line(&format!(
            "{:6} {} ({usable}{})",
            device.kind, device.name, device.note
        ))?;
    }
    Ok(())
}
