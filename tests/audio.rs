//! Mel analysis and the denoiser against torch and torchaudio (fixtures made by
//! `tests/fixtures/make_mel.py`), and the formats and the resampler against their definitions.

use std::path::{Path, PathBuf};

use tts::audio::mel::MelAnalyzer;
use tts::audio::npy::{self, Array};
use tts::audio::resample::Resampler;
use tts::audio::wav::{self, SampleFormat, WavSpec, WavWriter};
use tts::backend::cpu::Cpu;
use tts::nn::denoiser::{Denoiser, bias_from_audio};
use tts::voice::config::AudioConfig;

fn fixture(name: &str) -> Array {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    npy::read_file(&path.join(name)).unwrap()
}

fn largest_difference(a: &[f32], b: &[f32]) -> f32 {
    assert_eq!(a.len(), b.len());
    a.iter()
        .zip(b)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
}

/// Log-mel units; the bound that the project promises. Measured: 6e-6.
const MEL_TOLERANCE: f32 = 1e-4;
/// Full scale is 1; rounding of the single-precision transforms. Measured: 2e-7.
const DENOISER_TOLERANCE: f32 = 1e-5;

/// The analysis is the one that the networks were trained with, however the signal is cut.
#[test]
fn mel_equals_torchaudio() {
    let signal = fixture("mel_signal.npy").data;
    let expected = fixture("mel_expected.npy");
    let mut analyzer = MelAnalyzer::new(&AudioConfig::default()).unwrap();
    let whole = analyzer.analyze(&signal);
    assert_eq!(expected.shape, [signal.len() / 256 + 1, 80]);
    let difference = largest_difference(&whole, &expected.data);
    assert!(difference < MEL_TOLERANCE, "differs by {difference}");
    for chunk in [1, 100, 777] {
        let mut mel = Vec::new();
        for piece in signal.chunks(chunk) {
            analyzer.process(piece, &mut mel);
        }
        analyzer.finish(&mut mel);
        assert!(mel == whole, "pieces of {chunk} samples");
    }
}

/// The denoiser is the published one.
#[test]
fn denoiser_equals_torch() {
    let signal = fixture("mel_signal.npy").data;
    let backend = &mut Cpu::new(1);
    let mut denoiser = Denoiser::new(backend);
    denoiser.restart(backend, &fixture("denoise_bias.npy").data, 0.1);
    let mut out = Vec::new();
    denoiser.process(backend, &signal, &mut out).unwrap();
    denoiser.finish(backend, &mut out).unwrap();
    let difference = largest_difference(&out, &fixture("denoise_expected.npy").data);
    assert!(difference < DENOISER_TOLERANCE, "differs by {difference}");
}

/// A bias has its peak where the vocoder's tone is.
#[test]
fn bias_is_the_spectrum_of_the_first_frame() {
    let tone: Vec<f32> = (0..4096)
        .map(|i| (std::f32::consts::TAU * i as f32 / 8.0).cos())
        .collect();
    let bias = bias_from_audio(&tone);
    let peak = (0..bias.len()).max_by(|&a, &b| bias[a].total_cmp(&bias[b]));
    assert_eq!((bias.len(), peak), (513, Some(128)));
    assert_eq!(bias_from_audio(&[]), vec![0.0; 513]);
}

fn resample(input_rate: u32, output_rate: u32, signal: &[f32], chunk: usize) -> Vec<f32> {
    let mut resampler = Resampler::new(input_rate, output_rate).unwrap();
    let mut out = Vec::new();
    for piece in signal.chunks(chunk) {
        resampler.process(piece, &mut out);
    }
    resampler.finish(&mut out);
    out
}

/// Any rate, odd ones too: the exact length, the same samples however cut, no delay, and a tone in
/// the pass band comes out as that tone.
#[test]
fn resampler_keeps_length_and_phase() {
    // A 90 dB stop band leaves errors of 3e-5; the interpolated phases of odd ratios add none.
    const TONE_TOLERANCE: f32 = 1e-4;
    for rate in [
        8000, 11025, 16000, 22050, 22051, 24000, 44100, 44101, 48000, 96000, 192_000,
    ] {
        let n = 6001;
        let hz = 1234.5;
        let at = |i: usize, rate: u32| {
            (std::f64::consts::TAU * hz * i as f64 / f64::from(rate)).sin() as f32
        };
        let signal: Vec<f32> = (0..n).map(|i| at(i, 22050)).collect();
        let out = resample(22050, rate, &signal, n);
        let exact = (n as u64 * u64::from(rate) * 2 + 22050) / (2 * 22050);
        assert_eq!(out.len() as u64, exact, "length at {rate} Hz");
        for chunk in [1, 333] {
            assert!(
                resample(22050, rate, &signal, chunk) == out,
                "pieces at {rate} Hz"
            );
        }
        // Away from the ends, where the signal is silence beyond.
        let quarter = out.len() / 4;
        for (i, sample) in out.iter().enumerate().skip(quarter).take(2 * quarter) {
            let difference = (sample - at(i, rate)).abs();
            assert!(
                difference < TONE_TOLERANCE,
                "{rate} Hz: {difference} at {i}"
            );
        }
    }
}

/// What the lower rate cannot hold is gone, not folded back.
#[test]
fn resampler_does_not_alias() {
    let signal: Vec<f32> = (0..22050)
        .map(|i| (std::f64::consts::TAU * 5000.0 * f64::from(i) / 22050.0).sin() as f32)
        .collect();
    let out = resample(22050, 8000, &signal, 22050);
    let loudest = out[2000..6000].iter().fold(0.0_f32, |a, b| a.max(b.abs()));
    assert!(loudest < 1e-4, "5 kHz at 8 kHz left {loudest}");
}

/// No signal gives no samples; rates that cannot be are refused with advice.
#[test]
fn resampler_bounds() {
    assert!(resample(22050, 48000, &[], 1).is_empty());
    assert_eq!(resample(22050, 48000, &[1.0], 1).len(), 2);
    for rate in [0, 1, u32::MAX] {
        assert!(Resampler::new(22050, rate).is_err());
        assert!(Resampler::new(rate, 22050).is_err());
    }
}

fn write_wav(path: &Path, format: SampleFormat, samples: &[f32]) {
    let spec = WavSpec {
        sample_rate: 22050,
        format,
    };
    let mut writer = WavWriter::create(path, spec).unwrap();
    for piece in samples.chunks(3) {
        writer.write(piece).unwrap();
    }
    assert_eq!(writer.finish().unwrap(), samples.len() as u64);
}

/// What is written is read back; 16 bits clip at full scale instead of wrapping round.
#[test]
fn wav_round_trip() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.wav");
    let samples = [
        0.0,
        0.5,
        -0.5,
        1.0,
        -1.0,
        7.0,
        -7.0,
        f32::NAN,
        f32::INFINITY,
    ];
    write_wav(&path, SampleFormat::F32, &samples);
    let back = wav::read_file(&path).unwrap();
    assert_eq!(back.sample_rate, 22050);
    assert!(
        back.samples
            .iter()
            .zip(&samples)
            .all(|(a, b)| a.to_bits() == b.to_bits())
    );
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 58 + 9 * 4);
    write_wav(&path, SampleFormat::S16, &samples);
    let top = 32767.0 / 32768.0;
    let expected = [0.0, 0.5, -0.5, top, -1.0, top, -1.0, 0.0, top];
    assert_eq!(wav::read_file(&path).unwrap().samples, expected);
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 44 + 9 * 2);
}

/// The bytes of a header, against the format's definition.
#[test]
fn wav_header_is_canonical() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.wav");
    write_wav(&path, SampleFormat::S16, &[0.5; 5]);
    let bytes = std::fs::read(&path).unwrap();
    let expected = [
        b"RIFF".as_slice(),
        &46_u32.to_le_bytes(),
        b"WAVEfmt ",
        &16_u32.to_le_bytes(),
        &[1, 0, 1, 0],
        &22050_u32.to_le_bytes(),
        &44100_u32.to_le_bytes(),
        &[2, 0, 16, 0],
        b"data",
        &10_u32.to_le_bytes(),
        &[0, 64],
    ];
    assert_eq!(bytes[..46], expected.concat());
}

/// Files of other programs: several channels, 8 to 64 bits, the extensible format, odd chunks.
#[test]
fn wav_reads_what_others_write() {
    let chunk = |id: &[u8], body: &[u8]| {
        let mut c = [id, &(body.len() as u32).to_le_bytes(), body].concat();
        c.resize(c.len().next_multiple_of(2), 0);
        c
    };
    let file = |tag: u16, channels: u16, bits: u16, data: &[u8]| {
        let mut format = [tag, channels, 8000, 0, 0, 0, 0, bits]
            .map(u16::to_le_bytes)
            .concat();
        if tag == 0xFFFE {
            // Extensible: the size of the extension, valid bits, channel mask, then the GUID.
            format.extend([22, 0, 16, 0, 0, 0, 0, 0, 1, 0]);
            format.extend([0; 14]);
        }
        let body = [
            b"WAVE".to_vec(),
            chunk(b"LIST", b"odd"),
            chunk(b"fmt ", &format),
            chunk(b"data", data),
        ]
        .concat();
        chunk(b"RIFF", &body)
    };
    let read = |bytes: &[u8]| wav::read(bytes, "test").map(|w| w.samples);
    assert_eq!(
        read(&file(1, 1, 8, &[128, 192, 0])).unwrap(),
        [0.0, 0.5, -1.0]
    );
    assert_eq!(
        read(&file(1, 2, 16, &[0, 64, 0, 32, 0, 0])).unwrap(),
        [0.375]
    );
    assert_eq!(
        read(&file(1, 1, 24, &[0, 0, 64, 0, 0, 192])).unwrap(),
        [0.5, -0.5]
    );
    assert_eq!(
        read(&file(1, 1, 32, &(-1_i32 << 30).to_le_bytes())).unwrap(),
        [-0.5]
    );
    assert_eq!(
        read(&file(3, 1, 64, &0.25_f64.to_le_bytes())).unwrap(),
        [0.25]
    );
    assert_eq!(read(&file(0xFFFE, 1, 16, &[0, 64])).unwrap(), [0.5]);
    // A stream whose length was not known.
    let mut stream = file(1, 1, 16, &[0, 64, 0, 64]);
    let size_at = stream.len() - 8;
    stream[size_at..size_at + 4].fill(0xFF);
    assert_eq!(read(&stream).unwrap(), [0.5, 0.5]);
    for (tag, channels, bits) in [(1, 0, 16), (2, 1, 4), (3, 1, 16), (1, 1, 0)] {
        assert!(read(&file(tag, channels, bits, &[0; 8])).is_err());
    }
    // Cut anywhere, it is read as far as it goes or refused.
    let whole = file(1, 2, 16, &[1; 40]);
    for n in 0..whole.len() {
        let _ = read(&whole[..n]);
    }
    assert!(read(b"").is_err());
    assert!(read(b"ID3\x03 this is not a WAV file").is_err());
}

/// A writer that is dropped, and one whose device is full, leave no file.
#[test]
fn wav_is_whole_or_absent() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.wav");
    let spec = WavSpec {
        sample_rate: 48000,
        format: SampleFormat::S16,
    };
    let mut writer = WavWriter::create(&path, spec).unwrap();
    writer.write(&[0.0; 1000]).unwrap();
    drop(writer);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    if cfg!(target_os = "linux") {
        assert!(WavWriter::create(Path::new("/dev/full"), spec).is_err());
    }
}

/// Arrays come back as they went out, and what NumPy itself writes is read.
#[test]
fn npy_round_trip() {
    let dir = tempfile::tempdir().unwrap();
    let path: PathBuf = dir.path().join("x.npy");
    for shape in [vec![6], vec![2, 3], vec![1, 3, 2], vec![0, 80]] {
        let n: usize = shape.iter().product();
        let data: Vec<f32> = (0..n).map(|i| i as f32 - 2.5).collect();
        npy::write_f32(&path, &shape, &data).unwrap();
        assert_eq!(npy::read_file(&path).unwrap(), Array { shape, data });
    }
    assert!(npy::write_f32(&path, &[2, 2], &[0.0]).is_err());
    npy::write_i64(&path, &[2], &[-1, 1 << 40]).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    assert_eq!(bytes.len(), 128 + 16);
    assert!(bytes.starts_with(
        b"\x93NUMPY\x01\x00\x76\x00{'descr': '<i8', 'fortran_order': False, 'shape': (2, ), }"
    ));
    // Integers are not what a mel is made of.
    let error = npy::read_file(&path).unwrap_err().to_string();
    assert!(error.contains("astype('float32')"), "{error}");
}

/// Widths, byte orders and Fortran order are understood; every lie in a header is an error, and
/// none costs memory.
#[test]
fn npy_headers_are_not_trusted() {
    let file = |header: &str, data: &[u8]| {
        let len = (header.len() as u16).to_le_bytes();
        [
            b"\x93NUMPY\x01\x00".as_slice(),
            &len,
            header.as_bytes(),
            data,
        ]
        .concat()
    };
    let dict = |descr: &str, fortran: &str, shape: &str| {
        format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}\n")
    };
    let read = |bytes: &[u8]| npy::read(bytes, "test");
    let doubles: Vec<u8> = [1.0_f64, 2.0, 3.0, 4.0, 5.0, 6.0]
        .iter()
        .flat_map(|x| x.to_be_bytes())
        .collect();
    let array = read(&file(&dict(">f8", "True", "(2, 3)"), &doubles)).unwrap();
    assert_eq!(array.shape, [2, 3]);
    assert_eq!(array.data, [1.0, 3.0, 5.0, 2.0, 4.0, 6.0]);
    let half = read(&file(&dict("<f2", "False", "(1,)"), &[0x00, 0x3C])).unwrap();
    assert_eq!(half.data, [1.0]);
    for (descr, fortran, shape) in [
        ("<f4", "False", "(1000000000000,)"),
        ("<f4", "False", "(4294967296, 4294967296, 4294967296)"),
        ("<f4", "False", "(-1,)"),
        ("<f4", "False", "()"),
        ("<f4", "False", "(1, 1, 1, 1)"),
        ("<f4", "Maybe", "(1,)"),
        ("<c8", "False", "(1,)"),
        ("|O", "False", "(1,)"),
        ("é4", "False", "(1,)"),
        ("", "False", "(1,)"),
        ("<f4", "False", "(2,)"),
    ] {
        let bytes = file(&dict(descr, fortran, shape), &[0; 4]);
        assert!(read(&bytes).is_err(), "{descr} {fortran} {shape}");
        for n in 0..bytes.len() {
            assert!(read(&bytes[..n]).is_err());
        }
    }
    assert!(read(&file("{}", &[])).is_err());
    assert!(read(&file(&dict("<f4", "False", "(1,)"), &[0; 5])).is_err());
}
