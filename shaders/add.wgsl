// y += x, over `count` floats.
struct Params {
    first_group: u32,
    count: u32,
    x_first: u32,
    y_first: u32,
}
var<immediate> p: Params;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = p.first_group * 256u + id.x;
    if i < p.count {
        y[p.y_first + i] += x[p.x_first + i];
    }
}
