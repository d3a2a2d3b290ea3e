//! Kernels run without checks of their own, so what would touch anything beside its tensors must not be recorded.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::device;
use super::random::Random;
use tts::backend::gpu::Gpu;
use tts::backend::{
    Activation, Backend, Condition, DENOISER_FRAME, Dropout, MatrixKind, Noise, Precision,
    RandomKey, Residual, SeparableWeights, Skip, Stream, rows, rows_mut,
};

const CONV: MatrixKind = MatrixKind::Conv {
    taps: 1,
    dilation: 1,
};

const KEY: RandomKey = RandomKey {
    seed: 0,
    sentence: 0,
};

/// Whether a kernel is refused.
fn refused(backend: &mut Gpu, kernel: impl FnOnce(&mut Gpu)) -> bool {
    catch_unwind(AssertUnwindSafe(|| kernel(backend))).is_err()
}

/// A tensor of more elements than a dispatch reaches is zero to the last of them.
#[test]
fn large_tensors_are_zero() {
    let Some(device) = device() else { return };
    let b = &mut Gpu::on(&device);
    let (rows, channels) = (1 << 14, 1025);
    for _ in 0..2 {
        let mut tensor = b.zeros(rows, channels);
        let last = b.read(&tensor, rows - 1..rows).unwrap();
        assert!(last.iter().all(|&x| x == 0.0));
        // The buffer comes back to the next one.
        b.write(rows_mut(&mut tensor, rows - 1), &vec![1.0; channels]);
    }
}

/// Each kernel on tensors that are a row or a channel too small. What fits is recorded, so that it is the row that counts.
#[test]
fn nothing_beside_a_tensor_is_touched() {
    let Some(device) = device() else { return };
    let b = &mut Gpu::on(&device);
    let r = &mut Random::new(1);
    let mut matrix = |b: &mut Gpu, kind, size| r.matrix(b, kind, size, Precision::F32, true);
    let one = matrix(b, CONV, (8, 8));
    let three_taps = MatrixKind::Conv {
        taps: 3,
        dilation: 2,
    };
    let three = matrix(b, three_taps, (8, 24));
    let gate = MatrixKind::Gate {
        taps: 3,
        dilation: 2,
    };
    let gate = matrix(b, gate, (16, 32));
    let lstm = matrix(b, MatrixKind::Lstm, (32, 24));
    let separable = MatrixKind::Gate {
        taps: 1,
        dilation: 1,
    };
    let separable = SeparableWeights {
        taps: b.zeros(3, 8),
        shifts: b.zeros(3, 8),
        bias: b.zeros(1, 8),
        pointwise: matrix(b, separable, (16, 8)),
    };
    let x = b.zeros(10, 8);
    let [mut y, mut c] = [b.zeros(10, 8), b.zeros(10, 8)];
    let [frames, mut clean] = [(); 2].map(|()| b.zeros(10, DENOISER_FRAME));
    let subtract = b.zeros(1, DENOISER_FRAME / 2 + 1);
    let linear = Activation::Linear;

    // The last row that may be asked for, and the one after it.
    for (n, fits) in [(10, true), (11, false)] {
        assert_eq!(fits, !refused(b, |b| b.zero_rows(&mut y, 0..n)));
        assert_eq!(
            fits,
            !refused(b, |b| {
                let to = rows_mut(&mut clean, 0);
                b.denoise(&subtract, rows(&frames, 0), to, n);
            })
        );
        assert_eq!(fits, !refused(b, |b| b.move_rows(&mut y, 1..n, 0)));
        assert_eq!(
            fits,
            !refused(b, |b| b.add(rows(&x, 0), rows_mut(&mut y, 0), n))
        );
        assert_eq!(
            fits,
            !refused(b, |b| b.coupling(&x, rows_mut(&mut y, 0), n))
        );
        assert_eq!(
            fits,
            !refused(b, |b| b.lstm_cell(&lstm, &[&x, &x, &x], &mut y, &mut c, n))
        );
        assert_eq!(
            fits,
            !refused(b, |b| b.prenet(&one, rows(&x, 0), &mut y, n, None))
        );
        assert_eq!(
            fits,
            !refused(b, |b| {
                b.conv(&one, rows(&x, 0), rows_mut(&mut y, 0), 0, n, linear);
            })
        );
        assert_eq!(
            fits,
            !refused(b, |b| {
                let residual = Residual {
                    base: rows(&x, 0),
                    y: rows_mut(&mut y, 0),
                };
                b.wn_res_skip(&one, &x, Some(residual), None, n);
            })
        );
        assert_eq!(
            fits,
            !refused(b, |b| {
                let skip = Skip {
                    sum: rows_mut(&mut y, 0),
                    first: true,
                };
                b.wn_res_skip(&one, &x, None, Some(skip), n);
            })
        );
        assert_eq!(
            fits,
            !refused(b, |b| {
                let noise = Noise {
                    key: KEY,
                    stream: Stream::Noise(0),
                    position: 0,
                    sigma: 1.0,
                };
                b.noise(rows_mut(&mut y, 0), 8, n, noise);
            })
        );
        // Context before and after is rows as well.
        assert_eq!(
            fits,
            !refused(b, |b| {
                b.conv(&three, rows(&x, 0), rows_mut(&mut y, 0), 0, n - 4, linear);
            })
        );
        assert_eq!(
            fits,
            !refused(b, |b| {
                b.wn_gate(&gate, rows(&x, 0), rows(&x, 0), &mut y, n - 4);
            })
        );
        assert_eq!(
            fits,
            !refused(b, |b| {
                let condition = Condition {
                    tensor: &b.zeros(10, 16),
                    channel: 0,
                    shift: 0,
                    repeat: 1,
                };
                b.wn_gate_separable(&separable, rows(&x, 0), 0..9, condition, &mut y, n - 2);
            })
        );
    }
    let dropout = Dropout {
        probability: 0.5,
        keys: &[KEY],
        stream: Stream::Prenet(0),
        step: 0,
    };
    assert!(
        refused(b, |b| b.prenet(&one, rows(&x, 0), &mut y, 2, Some(dropout))),
        "a key short"
    );
    assert!(
        refused(b, |b| b.embedding(&x, &[3, 10], rows_mut(&mut y, 0))),
        "an id too large"
    );
    assert!(
        refused(b, |b| {
            b.conv(&one, rows(&x, 0), rows_mut(&mut y, 0), 1, 5, linear);
        }),
        "a channel too far"
    );
    let (mut odd, narrow) = (b.zeros(10, 3), b.zeros(10, 7));
    assert!(
        refused(b, |b| b.upsample(
            &one,
            rows(&x, 0),
            rows_mut(&mut odd, 0),
            1
        )),
        "no whole rows"
    );
    assert!(
        refused(b, |b| {
            b.conv(&one, rows(&narrow, 0), rows_mut(&mut y, 0), 0, 5, linear);
        }),
        "a channel short"
    );
}
