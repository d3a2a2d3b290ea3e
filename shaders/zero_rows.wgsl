// Sets `count` floats to zero.
struct Params {
    first_group: u32,
    count: u32,
    first: u32,
}
var<immediate> p: Params;

@group(0) @binding(0) var<storage, read_write> x: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = p.first_group * 256u + id.x;
    if i < p.count {
        x[p.first + i] = 0.0;
    }
}
