// y[row] = W · [a[row], b[row]] + bias: mel frames and gate of a decoder step.
struct Params {
    first_group: u32,
    rows: u32,
    inputs: u32,
    outputs: u32,
    panels: u32,
    a_channels: u32,
    b_channels: u32,
    // Place of the first result, in floats.
    y_first: u32,
}
var<immediate> p: Params;

#import product

@group(0) @binding(2) var<storage, read> a: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

fn input(row: u32, k: u32) -> f32 {
    let r = min(row, p.rows - 1u);
    if k < p.a_channels {
        return a[r * p.a_channels + k];
    }
    return b[r * p.b_channels + k - p.a_channels];
}

fn finish(row: u32, panel: u32, four: u32, sum: vec4<f32>) {
    let z = scaled(panel, four, sum);
    let column = panel * 128u + four * 4u;
    let at = p.y_first + row * p.outputs + column;
    for (var i = 0u; i < 4u && column + i < p.outputs; i++) {
        y[at + i] = z[i];
    }
}
