// y = dropout(max(W · x, 0)): a layer of the prenet. Dropout is on at inference too; its mask comes from counters.
struct Params {
    first_group: u32,
    rows: u32,
    inputs: u32,
    outputs: u32,
    panels: u32,
    x_row: u32,
    x_stride: u32,
    // 1 if values are dropped; a random word below `threshold` drops its value, the others are multiplied by `keep`.
    dropout: u32,
    threshold: u32,
    keep: f32,
    // Number of the stream, and the first block of the step in it.
    stream: u32,
    block_low: u32,
    block_high: u32,
}
var<immediate> p: Params;

#import product
#import philox

@group(0) @binding(2) var<storage, read> x: array<f32>;
// The low and high word of the seed and the number of the sentence, for each row.
@group(0) @binding(3) var<storage, read> keys: array<vec4<u32>>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

fn input(row: u32, k: u32) -> f32 {
    return x[(p.x_row + min(row, p.rows - 1u)) * p.x_stride + k];
}

fn finish(row: u32, panel: u32, four: u32, sum: vec4<f32>) {
    var z = max(scaled(panel, four, sum), vec4(0.0));
    let column = panel * 128u + four * 4u;
    if p.dropout == 1u {
        let key = keys[row];
        let low = p.block_low + column / 4u;
        let high = p.block_high + select(0u, 1u, low < p.block_low);
        let words = philox(vec4(low, high, key.z, p.stream), key.xy);
        z = select(z * p.keep, vec4(0.0), words < vec4(p.threshold));
    }
    for (var i = 0u; i < 4u && column + i < p.outputs; i++) {
        y[row * p.outputs + column + i] = z[i];
    }
}
