//! Speed of the kernels, and of two matrix product crates on the same shapes.
//!
//! ```text
//! cargo run --release --manifest-path benches/kernels/Cargo.toml -- --bench [FILTER]
//! ```
//!
//! Throughput is in multiply-adds counted as two operations: `Gelem/s` are GFLOP/s. `RAYON_NUM_THREADS`
//! sets the threads of all sides.

use std::hint::black_box;

use criterion::{
    BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main, measurement::WallTime,
};
use tts::backend::cpu::Cpu;
use tts::backend::{
    Activation, Backend, MatrixKind, MatrixSpec, Precision, RandomKey, Residual, Skip, rows,
    rows_mut,
};
use tts::nn::tacotron2::Tacotron2;
use tts::nn::waveglow::WaveGlow;
use tts::voice::config::{
    AudioConfig, FrontendConfig, Tacotron2Config, VoiceConfig, WaveGlowConfig,
};
use tts::voice::{StorageType, Voice};

/// Rows × outputs × inputs of products that matter.
const PRODUCTS: [(&str, usize, usize, usize); 4] = [
    ("square", 1024, 512, 1024),
    ("wn_gate of 256 channels", 256, 512, 3 * 256 + 640),
    ("res_skip of 256 channels", 256, 512, 256),
    ("decoder LSTM", 1, 4096, 2560),
];
const KEY: RandomKey = RandomKey {
    seed: 1,
    sentence: 0,
};

fn values(n: usize) -> Vec<f32> {
    (0..n)
        .map(|i| ((i * 7919) % 1013) as f32 / 1013.0 - 0.5)
        .collect()
}

fn matrix(
    backend: &mut Cpu,
    kind: MatrixKind,
    outputs: usize,
    inputs: usize,
    precision: Precision,
) -> <Cpu as Backend>::Matrix {
    let weights = values(outputs * inputs);
    let spec = MatrixSpec {
        kind,
        outputs,
        inputs,
        precision,
        row: &|o, row| row.copy_from_slice(&weights[o * inputs..(o + 1) * inputs]),
        scale: None,
        bias: None,
    };
    backend.matrix(spec).expect("there is memory for a matrix")
}

fn filled(backend: &mut Cpu, rows: usize, channels: usize) -> <Cpu as Backend>::Tensor {
    let mut tensor = backend.zeros(rows, channels);
    backend.write(rows_mut(&mut tensor, 0), &values(rows * channels));
    tensor
}

/// Runs inside the rayon pool, as the library does.
fn measure(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, mut work: impl FnMut() + Send) {
    group.bench_function(name, |b| {
        // The pool is entered once: entering it is no part of a kernel.
        b.iter_custom(|count| {
            rayon::scope(|_| {
                let begun = std::time::Instant::now();
                (0..count).for_each(|_| work());
                begun.elapsed()
            })
        });
    });
}

fn products(c: &mut Criterion) {
    let threads = rayon::current_num_threads();
    for (shape, m, n, k) in PRODUCTS {
        let mut group = c.benchmark_group(format!("product/{shape} {m}x{n}x{k}"));
        group.throughput(Throughput::Elements(2 * (m * n * k) as u64));
        let (a, b) = (values(m * k), values(k * n));
        let mut out = vec![0.0f32; m * n];
        for precision in [Precision::F32, Precision::F16] {
            let mut backend = Cpu::new(threads);
            let kind = MatrixKind::Conv {
                taps: 1,
                dilation: 1,
            };
            let w = matrix(&mut backend, kind, n, k, precision);
            let x = filled(&mut backend, m, k);
            let mut y = backend.zeros(m, n);
            measure(&mut group, &format!("ours {precision:?}"), || {
                backend.conv(
                    &w,
                    rows(&x, 0),
                    rows_mut(&mut y, 0),
                    0,
                    m,
                    Activation::Linear,
                );
            });
        }
        measure(&mut group, "matrixmultiply", || {
            // SAFETY: row-major matrices of exactly these sizes.
            unsafe {
                matrixmultiply::sgemm(
                    m,
                    k,
                    n,
                    1.0,
                    a.as_ptr(),
                    k as isize,
                    1,
                    b.as_ptr(),
                    n as isize,
                    1,
                    0.0,
                    out.as_mut_ptr(),
                    n as isize,
                    1,
                );
            }
            black_box(&out);
        });
        let mut out = vec![0.0f32; m * n];
        measure(&mut group, "gemm", || {
            // SAFETY: row-major matrices of exactly these sizes.
            unsafe {
                gemm::gemm(
                    m,
                    n,
                    k,
                    out.as_mut_ptr(),
                    1,
                    n as isize,
                    false,
                    a.as_ptr(),
                    1,
                    k as isize,
                    b.as_ptr(),
                    1,
                    n as isize,
                    0.0,
                    1.0,
                    false,
                    false,
                    false,
                    gemm::Parallelism::Rayon(threads),
                );
            }
            black_box(&out);
        });
        group.finish();
    }
}

fn wn_layer(c: &mut Criterion) {
    let (threads, n, channels, condition, dilation) =
        (rayon::current_num_threads(), 256, 256, 640, 4);
    let mut group = c.benchmark_group("wn_layer of 256 channels, 256 rows");
    let gate_inputs = 3 * channels + condition;
    group.throughput(Throughput::Elements(
        (2 * n * 2 * channels * (gate_inputs + channels)) as u64,
    ));
    for precision in [Precision::F32, Precision::F16] {
        let mut backend = Cpu::new(threads);
        let kind = MatrixKind::Gate { taps: 3, dilation };
        let gate = matrix(&mut backend, kind, 2 * channels, gate_inputs, precision);
        let kind = MatrixKind::Conv {
            taps: 1,
            dilation: 1,
        };
        let res_skip = matrix(&mut backend, kind, 2 * channels, channels, precision);
        let x = filled(&mut backend, n + 2 * dilation, channels);
        let mel = filled(&mut backend, n, condition);
        let [mut gated, mut next, mut sum] = [(); 3].map(|()| backend.zeros(n, channels));
        measure(&mut group, &format!("{precision:?}"), || {
            backend.wn_gate(&gate, rows(&x, 0), rows(&mel, 0), &mut gated, n);
            let residual = Residual {
                base: rows(&x, dilation),
                y: rows_mut(&mut next, 0),
            };
            let skip = Skip {
                sum: rows_mut(&mut sum, 0),
                first: true,
            };
            backend.wn_res_skip(&res_skip, &gated, Some(residual), Some(skip), n);
        });
    }
    group.finish();
}

fn networks(c: &mut Criterion) {
    let threads = rayon::current_num_threads();
    let config = VoiceConfig {
        name: "random".into(),
        language: "en".into(),
        audio: AudioConfig::default(),
        frontend: FrontendConfig::default(),
        tacotron2: Tacotron2Config::default(),
        waveglow: WaveGlowConfig::default(),
    };
    let voice = Voice::random(config, 0, StorageType::F32).expect("the published sizes");
    for precision in [Precision::F32, Precision::F16] {
        let backend = &mut Cpu::new(threads);
        let network = Tacotron2::load(&voice, backend, precision).expect("random weights load");
        let ids: Vec<u32> = (1..129).collect();
        let memory = network.encode(backend, &ids);
        let mut state = network.start(backend, vec![(memory, ids.len())], &[KEY], 1);
        let mut group = c.benchmark_group("tacotron2");
        measure(
            &mut group,
            &format!("decoder step, 128 symbols, {precision:?}"),
            || {
                network.decode(backend, &mut state, 1, true);
            },
        );
        group.finish();

        let network = WaveGlow::load(&voice, backend, precision).expect("random weights load");
        let frames = 8;
        let mel = values(frames * 80);
        let mut group = c.benchmark_group("waveglow of 256 channels");
        let samples = frames * 256;
        group.throughput(Throughput::Elements(
            (2.0 * network.macs_per_sample() * samples as f64) as u64,
        ));
        group.sample_size(10);
        let mut stream = network.stream(backend, frames);
 stream.restart(backend, KEY, 0.6);
        let mut audio = Vec::new();
        // Until every flow has work in each block.
        for _ in 0..16 {
            network.push(backend, &mut stream, &mel, false, &mut audio);
        }
        measure(
            &mut group,
            &format!("a block of {frames} frames, {precision:?}"),
            || {
                audio.clear();
                network.push(backend, &mut stream, &mel, false, &mut audio);
            },
        );
        group.finish();
    }
}

fn squeezed(c: &mut Criterion) {
    let bytes = include_bytes!("../../../voices/heart.safetensors");
    let voice = Voice::from_static(bytes).expect("the bundled voice");
    let backend = &mut Cpu::new(rayon::current_num_threads());
    let network = WaveGlow::load(&voice, backend, Precision::F16).expect("the bundled voice");
    let frames = 48;
    let mel = values(frames * 80);
    let mut stream = network.stream(backend, frames);
 stream.restart(backend, KEY, 0.6);
    let mut audio = Vec::new();
    let mut group = c.benchmark_group("squeezed waveglow of the bundled voice");
    group.throughput(Throughput::Elements(
        (2.0 * network.macs_per_sample() * (frames * 256) as f64) as u64,
    ));
    measure(
        &mut group,
        &format!("a block of {frames} frames, F16"),
        || {
            audio.clear();
            network.push(backend, &mut stream, &mel, false, &mut audio);
        },
    );
    group.finish();
}

criterion_group!(kernels, products, wn_layer, networks, squeezed);
criterion_main!(kernels);
