// The point of the unit circle at the angle `part` / 2^32 of a turn: cosine and sine, to the last few bits, which WGSL's own do
// not promise.
fn point_of_circle(part: u32) -> vec2<f32> {
    // The angle as a quarter of the circle and a rest between -pi/4 and pi/4.
    let quarter = (part + 0x20000000u) >> 30u;
    let x = f32(bitcast<i32>(part - (quarter << 30u))) * 1.4629180792671596e-9;
    let q = x * x;
    let sine = x * (1.0 + q * (-0.16666667 + q * (0.0083333333 + q * -0.00019841270)));
    let cosine = 1.0 + q * (-0.5 + q * (0.041666667 + q * (-0.0013888889 + q * 0.000024801587)));
    var point = vec2(cosine, sine);
    if (quarter & 1u) == 1u {
        point = vec2(-sine, cosine);
    }
    if (quarter & 2u) == 2u {
        point = -point;
    }
    return point;
}
