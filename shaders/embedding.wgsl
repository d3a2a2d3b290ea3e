// y[row] = table[ids[row]]
struct Params {
    rows: u32,
    channels: u32,
    y_first: u32,
}
var<immediate> p: Params;

@group(0) @binding(0) var<storage, read> table: array<f32>;
@group(0) @binding(1) var<storage, read> ids: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < p.rows * p.channels {
        y[p.y_first + id.x] = table[ids[id.x / p.channels] * p.channels + id.x % p.channels];
    }
}
