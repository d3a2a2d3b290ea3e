// A packed matrix: panels of 128 columns, `weights[panel][k][column]`, columns padded with zeros. `scale_bias` holds a
// scale and then a bias for every packed column: y = scale · (W · x) + bias.
#ifdef F16
alias Weights = vec4<f16>;
#else
alias Weights = vec4<f32>;
#endif

@group(0) @binding(0) var<storage, read> weights: array<Weights>;
@group(0) @binding(1) var<storage, read> scale_bias: array<vec4<f32>>;

// Four columns of a panel for one input, as f32.
fn weight(panel: u32, k: u32, four: u32) -> vec4<f32> {
    return vec4<f32>(weights[(panel * p.inputs + k) * 32u + four]);
}

// What four packed columns make of their sums.
fn scaled(panel: u32, four: u32, sum: vec4<f32>) -> vec4<f32> {
    let at = panel * 32u + four;
    return fma(scale_bias[at], sum, scale_bias[p.panels * 32u + at]);
}
