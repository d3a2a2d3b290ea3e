// Fills the first channels of rows with sigma × standard normal noise, a thread a block of four values: the counters and the
// formula of src/backend/philox.rs.
struct Params {
    first_group: u32,
    rows: u32,
    channels: u32,
    y_row: u32,
    y_stride: u32,
    // Key and stream, and the block at which the first row begins.
    seed_low: u32,
    seed_high: u32,
    sentence: u32,
    stream: u32,
    block_low: u32,
    block_high: u32,
    sigma: f32,
}
var<immediate> p: Params;

#import philox
#import circle

@group(0) @binding(0) var<storage, read_write> y: array<f32>;

// The natural logarithm of a value in (0, 1], by the series of the inverse hyperbolic tangent.
fn logarithm(u: f32) -> f32 {
    var exponent = i32(bitcast<u32>(u) >> 23u) - 127;
    var mantissa = bitcast<f32>((bitcast<u32>(u) & 0x7fffffu) | 0x3f800000u);
    if mantissa > 1.41421356 {
        mantissa *= 0.5;
        exponent += 1;
    }
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let q = s * s;
    let series = 2.0 * s * (1.0 + q * (0.33333333 + q * (0.2 + q * (0.14285714 + q * 0.11111111))));
    return f32(exponent) * 0.69314718 + series;
}

// Two standard normal values from two words (Box and Muller).
fn normal_pair(a: u32, b: u32) -> vec2<f32> {
    // (a + 1) / 2^32, which the last word would carry out of.
    let u = select(f32(a + 1u), 4294967296.0, a == 0xffffffffu) * 2.3283064365386963e-10;
    let radius = sqrt(-2.0 * logarithm(u));
    return radius * point_of_circle(b);
}

@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let blocks = (p.channels + 3u) / 4u;
    let block = p.first_group * 256u + id.x;
    if block >= p.rows * blocks {
        return;
    }
    let row = block / blocks;
    let channel = block % blocks * 4u;
    var z = vec4(0.0);
    if p.sigma != 0.0 {
        let low = p.block_low + block;
        let high = p.block_high + select(0u, 1u, low < p.block_low);
        let words = philox(vec4(low, high, p.sentence, p.stream), vec2(p.seed_low, p.seed_high));
        z = p.sigma * vec4(normal_pair(words.x, words.y), normal_pair(words.z, words.w));
    }
    let at = (p.y_row + row) * p.y_stride + channel;
    for (var i = 0u; i < 4u && channel + i < p.channels; i++) {
        y[at + i] = z[i];
    }
}
