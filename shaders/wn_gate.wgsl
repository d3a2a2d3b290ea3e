// y[row] = tanh(a) · sigmoid(b), where [a, b] is the dilated convolution of x plus the conditioning: one product, whose last
// inputs are the conditioning's. A panel holds 64 channels of a and the same channels of b.
struct Params {
    first_group: u32,
    rows: u32,
    inputs: u32,
    // Channels of the result, and of x.
    channels: u32,
    panels: u32,
    dilation: u32,
    // Inputs that are taps of x; the others are the conditioning's.
    tap_inputs: u32,
    x_row: u32,
    condition_row: u32,
    condition_stride: u32,
}
var<immediate> p: Params;

#import tiles
#import functions

@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> condition: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

fn input(row: u32, k: u32) -> f32 {
    if k < p.tap_inputs {
        let tap = k / p.channels;
        return x[(p.x_row + row + tap * p.dilation) * p.channels + k - tap * p.channels];
    }
    return condition[(p.condition_row + row) * p.condition_stride + k - p.tap_inputs];
}

fn finish_pair(row: u32, panel: u32, four: u32, left: vec4<f32>, right: vec4<f32>) {
    let a = scaled(panel, four, left);
    let b = scaled(panel, four + 16u, right);
    let z = hyperbolic_tangents(a) * sigmoids(b);
    let channel = panel * 64u + four * 4u;
    for (var i = 0u; i < 4u && channel + i < p.channels; i++) {
        y[row * p.channels + channel + i] = z[i];
    }
}
