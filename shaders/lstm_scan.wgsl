// One step of one direction of the encoder's LSTM. The products of all inputs are there already; the hidden state of the
// step before is a row of the output.
struct Params {
    first_group: u32,
    rows: u32,
    inputs: u32,
    units: u32,
    panels: u32,
    // Row of this step in `z`, places of its hidden state and of the one before in `y`, in floats.
    z_row: u32,
    y_first: u32,
    previous: u32,
    // 1 for the first step, before which the state is zero.
    is_first: u32,
}
var<immediate> p: Params;

#import few_rows
#import functions

// `[rows, 4 units]`, the gates one after the other.
@group(0) @binding(2) var<storage, read> z: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

fn input(row: u32, k: u32) -> f32 {
    if p.is_first == 1u {
        return 0.0;
    }
    return y[p.previous + k];
}

fn finish(row: u32, panel: u32, four: u32, sum: vec4<f32>) {
    let unit = panel * 32u + four;
    if unit >= p.units {
        return;
    }
    let source = p.z_row * 4u * p.units + unit;
    let gates = scaled(panel, four, sum)
        + vec4(z[source], z[source + p.units], z[source + 2u * p.units], z[source + 3u * p.units]);
    var before = 0.0;
    if p.is_first == 0u {
        before = c[unit];
    }
    let cell = sigmoid(gates.y) * before + sigmoid(gates.x) * hyperbolic_tangent(gates.z);
    c[unit] = cell;
    y[p.y_first + unit] = sigmoid(gates.w) * hyperbolic_tangent(cell);
}
