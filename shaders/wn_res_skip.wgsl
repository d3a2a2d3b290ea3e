// The second product of a WN layer: y[row] = base[row] + (W · x)[.. split], skip[row] += (W · x)[split ..].
struct Params {
    first_group: u32,
    rows: u32,
    inputs: u32,
    outputs: u32,
    panels: u32,
    channels: u32,
    // Outputs that belong to the residual: none or `channels`.
    split: u32,
    base_row: u32,
    y_row: u32,
    skip_row: u32,
    // 1 if this layer starts the sum.
    is_first: u32,
}
var<immediate> p: Params;

#import product

@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> base: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> skip: array<f32>;

fn input(row: u32, k: u32) -> f32 {
    return x[row * p.inputs + k];
}

fn finish(row: u32, panel: u32, four: u32, sum: vec4<f32>) {
    let z = scaled(panel, four, sum);
    let column = panel * 128u + four * 4u;
    for (var i = 0u; i < 4u && column + i < p.outputs; i++) {
        let output = column + i;
        if output < p.split {
            y[(p.y_row + row) * p.channels + output] = base[(p.base_row + row) * p.channels + output] + z[i];
        } else {
            let at = (p.skip_row + row) * p.channels + output - p.split;
            if p.is_first == 1u {
                skip[at] = z[i];
            } else {
                skip[at] += z[i];
            }
        }
    }
}
