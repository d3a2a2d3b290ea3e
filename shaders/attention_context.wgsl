// Softmax of the energies, with their maximum subtracted, and the context: a workgroup makes 64 channels of it. Each workgroup
// works the softmax out for itself, which is cheaper than to wait for another; the first one keeps the weights.
struct Params {
    first_group: u32,
    symbols: u32,
    channels: u32,
    // Places in floats: the sentence's row of the context, this step's row of the alignment.
    context_first: u32,
    alignment_first: u32,
    // Rows of zeros before the first symbol in `location`.
    pad: u32,
}
var<immediate> p: Params;

const THREADS = 256u;
const LANES = 64u;

@group(0) @binding(0) var<storage, read> energies: array<f32>;
@group(0) @binding(1) var<storage, read> memory: array<f32>;
@group(0) @binding(2) var<storage, read_write> context: array<f32>;
// `[symbols + taps - 1, 2]`: previous and cumulative weights.
@group(0) @binding(3) var<storage, read_write> location: array<f32>;
@group(0) @binding(4) var<storage, read_write> alignment: array<f32>;

var<workgroup> partial: array<f32, THREADS>;

#import reduce

@compute @workgroup_size(THREADS)
fn main(threads: Threads, @builtin(workgroup_id) group: vec3<u32>) {
    let thread = threads.index;
    let part = p.first_group + group.x;
    var largest = energies[0];
    for (var t = thread; t < p.symbols; t += THREADS) {
        largest = max(largest, energies[t]);
    }
    largest = greatest_of_all(largest, threads, THREADS);
    var sum = 0.0;
    for (var t = thread; t < p.symbols; t += THREADS) {
        sum += exp(energies[t] - largest);
    }
    sum = sum_of_all(sum, threads, THREADS);

    let channel = part * LANES + thread % LANES;
    var z = 0.0;
    if channel < p.channels {
        for (var t = thread / LANES; t < p.symbols; t += THREADS / LANES) {
            z = fma(exp(energies[t] - largest), memory[t * p.channels + channel], z);
        }
    }
    partial[thread] = z;
    workgroupBarrier();
    if thread < LANES && channel < p.channels {
        let total = partial[thread] + partial[LANES + thread] + partial[2u * LANES + thread] + partial[3u * LANES + thread];
        context[p.context_first + channel] = total / sum;
    }
    if part == 0u {
        for (var t = thread; t < p.symbols; t += THREADS) {
            let weight = exp(energies[t] - largest) / sum;
            let at = (p.pad + t) * 2u;
            location[at] = weight;
            location[at + 1u] += weight;
            alignment[p.alignment_first + t] = weight;
        }
    }
}
