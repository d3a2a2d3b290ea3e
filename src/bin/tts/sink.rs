//! Where sound goes: through the resampler, if another rate was asked for, into a WAV.

use tts::audio::resample::Resampler;
use tts::audio::wav::{WavSpec, WavWriter};

use crate::args::WavOutput;
use crate::fail::Result;
use crate::outputs;

pub(crate) struct Sink {
    writer: WavWriter,
    resampler: Resampler,
    resampled: Vec<f32>,
    sample_rate: u32,
}

impl Sink {
    /// Starts the output of sound that is made at `voice_rate` Hz.
    pub(crate) fn create(output: &WavOutput, voice_rate: u32) -> Result<Self> {
        let sample_rate = output.sample_rate.unwrap_or(voice_rate);
        let spec = WavSpec {
            sample_rate,
            format: output.format.into(),
        };
        let resampler = Resampler::new(voice_rate, sample_rate)?;
        let writer = if outputs::is_stdout(&output.output) {
            WavWriter::stream(std::io::stdout(), "standard output", spec)?
        } else {
            WavWriter::create(&output.output, spec)?
        };
        Ok(Self {
            writer,
            resampler,
            resampled: Vec::new(),
            sample_rate,
        })
    }

    /// Takes samples at the voice's rate.
    pub(crate) fn write(&mut self, samples: &[f32]) -> Result {
        self.resampled.clear();
        self.resampler.process(samples, &mut self.resampled);
        Ok(self.writer.write(&self.resampled)?)
    }

    /// Completes the file; returns its samples.
    pub(crate) fn finish(mut self) -> Result<u64> {
        self.resampled.clear();
        self.resampler.finish(&mut self.resampled);
        self.writer.write(&self.resampled)?;
        Ok(self.writer.finish()?)
    }

    /// Samples per second of the file.
    pub(crate) fn sample_rate(&self) -> u32 {
        self.sample_rate
    }
}
