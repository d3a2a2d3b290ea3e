// y[row, first + column] = activation(scale · Σ W · x[row + tap · dilation] + bias): a convolution over rows; with one tap a
// 1×1 convolution or a linear layer. With `y_stride` = outputs it is the upsampler, whose outputs are whole rows.
struct Params {
    first_group: u32,
    rows: u32,
    inputs: u32,
    outputs: u32,
    panels: u32,
    // Inputs per tap, and rows between two taps.
    channels: u32,
    dilation: u32,
    x_row: u32,
    x_stride: u32,
    // Place of the first result, in floats.
    y_first: u32,
    y_stride: u32,
    // 0 nothing, 1 max(x, 0), 2 tanh(x)
    activation: u32,
}
var<immediate> p: Params;

#import product
#import functions

@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

fn input(row: u32, k: u32) -> f32 {
    let tap = k / p.channels;
    return x[(p.x_row + min(row, p.rows - 1u) + tap * p.dilation) * p.x_stride + k - tap * p.channels];
}

fn finish(row: u32, panel: u32, four: u32, sum: vec4<f32>) {
    var z = scaled(panel, four, sum);
    if p.activation == 1u {
        z = max(z, vec4(0.0));
    } else if p.activation == 2u {
        z = hyperbolic_tangents(z);
    }
    let column = panel * 128u + four * 4u;
    let at = p.y_first + row * p.y_stride + column;
    for (var i = 0u; i < 4u && column + i < p.outputs; i++) {
        y[at + i] = z[i];
    }
}
