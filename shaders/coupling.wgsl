// The inverse of an affine coupling, in place: a1 = (a1 - b) / exp(log s), with a1 the second half of the channels.
struct Params {
    first_group: u32,
    rows: u32,
    half: u32,
    a_row: u32,
}
var<immediate> p: Params;

// `[rows, b and log s]`
@group(0) @binding(0) var<storage, read> bs: array<f32>;
@group(0) @binding(1) var<storage, read_write> a: array<f32>;

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = p.first_group * 256u + id.x;
    if i >= p.rows * p.half {
        return;
    }
    let row = i / p.half;
    let channel = i % p.half;
    let source = row * 2u * p.half + channel;
    let at = (p.a_row + row) * 2u * p.half + p.half + channel;
    a[at] = (a[at] - bs[source]) * exp(-bs[source + p.half]);
}
