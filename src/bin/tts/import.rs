//! `tts import`: a voice file of published checkpoints.

use tts::voice::StorageType;
use tts::voice::import::{ImportOptions, import};

use crate::args::Import;
use crate::fail::{Fail, Result};
use crate::progress::Progress;
use crate::{outputs, print};

pub(crate) fn run(args: &Import) -> Result {
    if outputs::is_stdout(&args.output) {
        return Err(Fail::Usage("-o needs the name of a file".to_owned()));
    }
    let stem = args
        .output
        .file_stem()
        .map(|s| s.to_string_lossy().into_owned());
    let options = ImportOptions {
        name: args.name.clone().or(stem).unwrap_or_default(),
        language: args.language.clone(),
        license: args.license.clone(),
        storage: if args.f16 {
            StorageType::F16
        } else {
            StorageType::F32
        },
        ..ImportOptions::default()
    };
    let report = {
        let _progress = Progress::new(0, "reading the checkpoints");
        import(&args.tacotron2, &args.waveglow, &args.output, &options)
            .map_err(|e| Fail::failed(e.to_string()))?
    };
    if args.json {
        return print::json(&report);
    }
    print::line(&format!(
        "{}: voice {}, {} + {} weights, {} symbols, {} vocoder channels, {} bytes",
        args.output.display(),
        report.name,
        print::thousands(report.tacotron2_parameters as u64),
        print::thousands(report.waveglow_parameters as u64),
        report.symbols,
        report.channels,
        print::thousands(report.bytes),
    ))
}
