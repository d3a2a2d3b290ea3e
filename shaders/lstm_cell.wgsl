// One step of an LSTM: its inputs are read side by side, the last of them the previous hidden state. The gates i, f, g, o of
// a unit are neighbours among the packed columns:
//   c = sigmoid(f) · c + sigmoid(i) · tanh(g);  h = sigmoid(o) · tanh(c)
struct Params {
    first_group: u32,
    rows: u32,
    inputs: u32,
    units: u32,
    panels: u32,
    // Channels of the first two inputs.
    a_channels: u32,
    b_channels: u32,
}
var<immediate> p: Params;

#import few_rows
#import functions

@group(0) @binding(2) var<storage, read> a: array<f32>;
@group(0) @binding(3) var<storage, read> b: array<f32>;
@group(0) @binding(4) var<storage, read> previous: array<f32>;
@group(0) @binding(5) var<storage, read_write> c: array<f32>;
@group(0) @binding(6) var<storage, read_write> h: array<f32>;

fn input(row: u32, k: u32) -> f32 {
    let r = min(row, p.rows - 1u);
    if k < p.a_channels {
        return a[r * p.a_channels + k];
    }
    let after = k - p.a_channels;
    if after < p.b_channels {
        return b[r * p.b_channels + after];
    }
    return previous[r * p.units + after - p.b_channels];
}

fn finish(row: u32, panel: u32, four: u32, sum: vec4<f32>) {
    let unit = panel * 32u + four;
    if unit >= p.units {
        return;
    }
    let gates = scaled(panel, four, sum);
    let at = row * p.units + unit;
    let cell = sigmoid(gates.y) * c[at] + sigmoid(gates.x) * hyperbolic_tangent(gates.z);
    c[at] = cell;
    h[at] = sigmoid(gates.w) * hyperbolic_tangent(cell);
}
