// Functions whose precision WGSL leaves to the driver, written out, so that all adapters speak alike.

fn hyperbolic_tangent(x: f32) -> f32 {
    // Beyond 15 the result is 1 to the last bit, and the exponential stays finite.
    let e = exp(2.0 * clamp(x, -15.0, 15.0));
    return 1.0 - 2.0 / (e + 1.0);
}

fn sigmoid(x: f32) -> f32 {
    return 1.0 / (1.0 + exp(-x));
}

fn hyperbolic_tangents(x: vec4<f32>) -> vec4<f32> {
    let e = exp(2.0 * clamp(x, vec4(-15.0), vec4(15.0)));
    return 1.0 - 2.0 / (e + 1.0);
}

fn sigmoids(x: vec4<f32>) -> vec4<f32> {
    return 1.0 / (1.0 + exp(-x));
}
