// y[row] = table[ids[row]]
struct Params {
    first_group: u32,
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
    let i = p.first_group * 256u + id.x;
    if i < p.rows * p.channels {
        y[p.y_first + i] = table[ids[i / p.channels] * p.channels + i % p.channels];
    }
}
