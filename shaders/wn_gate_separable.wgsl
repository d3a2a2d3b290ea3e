// The gate of a squeezed WN layer: BatchNorm and depthwise convolution of x, made as the tile is read, then the pointwise
// product plus the conditioning, which is at the mel's rate. A tap outside the utterance adds nothing, the BatchNorm's shift
// included.
struct Params {
    first_group: u32,
    rows: u32,
    inputs: u32,
    // Channels of the result, and of x.
    channels: u32,
    panels: u32,
    taps: u32,
    x_row: u32,
    // Rows of the utterance among those read, counted from the first.
    inside_begin: u32,
    inside_end: u32,
    // Row r takes the conditioning of frame (r + shift) / repeat, from channel `condition_first` on.
    shift: u32,
    repeat: u32,
    condition_first: u32,
    condition_stride: u32,
}
var<immediate> p: Params;

#import tiles
#import functions

@group(0) @binding(2) var<storage, read> x: array<f32>;
// `[taps, channels]`
@group(0) @binding(3) var<storage, read> taps: array<f32>;
@group(0) @binding(4) var<storage, read> shifts: array<f32>;
@group(0) @binding(5) var<storage, read> depthwise_bias: array<f32>;
@group(0) @binding(6) var<storage, read> condition: array<f32>;
@group(0) @binding(7) var<storage, read_write> y: array<f32>;

fn input(row: u32, k: u32) -> f32 {
    var z = depthwise_bias[k];
    for (var tap = 0u; tap < p.taps; tap++) {
        let source = row + tap;
        if source >= p.inside_begin && source < p.inside_end {
            let w = tap * p.channels + k;
            z += fma(taps[w], x[(p.x_row + source) * p.channels + k], shifts[w]);
        }
    }
    return z;
}

fn finish_pair(row: u32, panel: u32, four: u32, left: vec4<f32>, right: vec4<f32>) {
    let a = scaled(panel, four, left);
    let b = scaled(panel, four + 16u, right);
    let channel = panel * 64u + four * 4u;
    let source = (row + p.shift) / p.repeat * p.condition_stride + p.condition_first + channel;
    for (var i = 0u; i < 4u && channel + i < p.channels; i++) {
        let tanh_half = a[i] + condition[source + i];
        let sigmoid_half = b[i] + condition[source + p.channels + i];
        y[row * p.channels + channel + i] = hyperbolic_tangent(tanh_half) * sigmoid(sigmoid_half);
    }
}
