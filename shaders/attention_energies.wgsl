// e[t] = v · tanh(q + processed[t] + Σ location · [previous, cumulative weights around t]): a workgroup makes the energies of
// eight symbols, its threads the dimensions.
struct Params {
    first_group: u32,
    symbols: u32,
    // Dimensions of the attention, and inputs of the location convolution (two a tap).
    dim: u32,
    location_inputs: u32,
}
var<immediate> p: Params;

#import functions

const SYMBOLS = 8u;
const THREADS = 128u;

// Packed as every matrix is: `[panel][k][128]`.
@group(0) @binding(0) var<storage, read> location: array<f32>;
// `[symbols + taps - 1, 2]`
@group(0) @binding(1) var<storage, read> weights_around: array<f32>;
@group(0) @binding(2) var<storage, read> processed: array<f32>;
@group(0) @binding(3) var<storage, read> query: array<f32>;
@group(0) @binding(4) var<storage, read> v: array<f32>;
@group(0) @binding(5) var<storage, read_write> energies: array<f32>;

var<workgroup> partial: array<f32, SYMBOLS * THREADS>;

#import threads

@compute @workgroup_size(THREADS)
fn main(threads: Threads, @builtin(workgroup_id) group: vec3<u32>) {
    let thread = threads.index;
    let first = (p.first_group + group.x) * SYMBOLS;
#unroll i 8
    var energy$i = 0.0;
    let symbol$i = min(first + $iu, p.symbols - 1u);
#end
    for (var d = thread; d < p.dim; d += THREADS) {
        let q = query[d];
#unroll i 8
        var sum$i = q + processed[symbol$i * p.dim + d];
#end
        for (var k = 0u; k < p.location_inputs; k++) {
            let w = location[(d / 128u * p.location_inputs + k) * 128u + d % 128u];
#unroll i 8
            sum$i = fma(w, weights_around[symbol$i * 2u + k], sum$i);
#end
        }
#unroll i 8
        energy$i = fma(v[d], hyperbolic_tangent(sum$i), energy$i);
#end
    }
#ifdef SUBGROUPS
#unroll i 8
    energy$i = subgroupAdd(energy$i);
    if threads.lane == 0u {
        partial[$iu * THREADS + threads.subgroup] = energy$i;
    }
#end
    workgroupBarrier();
    if thread < SYMBOLS && first + thread < p.symbols {
        var energy = 0.0;
        for (var i = 0u; i < threads.subgroups; i++) {
            energy += partial[thread * THREADS + i];
        }
        energies[first + thread] = energy;
    }
#else
#unroll i 8
    partial[$iu * THREADS + thread] = energy$i;
#end
    for (var half = THREADS / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if thread < half {
#unroll i 8
            partial[$iu * THREADS + thread] += partial[$iu * THREADS + thread + half];
#end
        }
    }
    workgroupBarrier();
    if thread < SYMBOLS && first + thread < p.symbols {
        energies[first + thread] = partial[thread * THREADS];
    }
#endif
}
