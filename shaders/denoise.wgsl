// y[row] = w · F⁻¹ S F (w · x[row]): a frame of the denoiser, with w the periodic Hann window, F the Fourier transform, and S, which
// takes `subtract` off the magnitude of every bin, down to zero, and keeps the phase. A workgroup makes a frame.
struct Params {
    first_group: u32,
    x_row: u32,
    y_row: u32,
}
var<immediate> p: Params;

#import circle

const LENGTH = 1024u;
const THREADS = 256u;

// A magnitude for each bin of a real signal, `LENGTH / 2 + 1`.
@group(0) @binding(0) var<storage, read> subtract: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

var<workgroup> z: array<vec2<f32>, LENGTH>;

fn product(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    return vec2(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}

fn window(i: u32) -> f32 {
    return 0.5 - 0.5 * point_of_circle(i * (0x80000000u / (LENGTH / 2u))).x;
}

// The first of the two values that a butterfly of a stage takes, which are `half` apart.
fn first_of(butterfly: u32, half: u32) -> u32 {
    return 2u * butterfly - butterfly % half;
}

// Its factor: e^(i pi j / half) for the j-th butterfly of a group.
fn factor(butterfly: u32, half: u32) -> vec2<f32> {
    return point_of_circle(butterfly % half * (0x80000000u / half));
}

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let row = p.first_group + group.x;
    for (var i = thread; i < LENGTH; i += THREADS) {
        z[i] = vec2(window(i) * x[(p.x_row + row) * LENGTH + i], 0.0);
    }
    // In place, decimated in frequency: the bins come out with their bits in reverse order, in which the way back takes them.
    for (var half = LENGTH / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        for (var b = thread; b < LENGTH / 2u; b += THREADS) {
            let i = first_of(b, half);
            let w = factor(b, half);
            let left = z[i];
            let right = z[i + half];
            z[i] = left + right;
            z[i + half] = product(left - right, vec2(w.x, -w.y));
        }
    }
    workgroupBarrier();
    for (var i = thread; i < LENGTH; i += THREADS) {
        let k = reverseBits(i) / (0x80000000u / (LENGTH / 2u));
        let less = subtract[min(k, LENGTH - k)];
        let magnitude = length(z[i]);
        var kept = 0.0;
        if magnitude > less {
            kept = (magnitude - less) / magnitude;
        }
        z[i] *= kept / f32(LENGTH);
    }
    for (var half = 1u; half < LENGTH; half *= 2u) {
        workgroupBarrier();
        for (var b = thread; b < LENGTH / 2u; b += THREADS) {
            let i = first_of(b, half);
            let left = z[i];
            let right = product(z[i + half], factor(b, half));
            z[i] = left + right;
            z[i + half] = left - right;
        }
    }
    workgroupBarrier();
    for (var i = thread; i < LENGTH; i += THREADS) {
        y[(p.y_row + row) * LENGTH + i] = window(i) * z[i].x;
    }
}
