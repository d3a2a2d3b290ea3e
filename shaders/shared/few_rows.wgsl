// The product of few rows: the cost is to read the weights once, and to wait for them. A workgroup makes 16 columns; 4 threads
// side by side read four columns each, which are the 32 or 64 bytes that memory gives at once, and 64 such rows of threads share
// the inputs out among them. The including file defines `input(row, k)` and `finish(row, panel, four, sum)`, where `four` counts
// the panel's columns in fours.
#import weights
#import threads

const ACROSS = 4u;
const SLICES = 64u;

var<workgroup> partial: array<vec4<f32>, 256u * ROWS>;

@compute @workgroup_size(256)
fn main(threads: Threads, @builtin(workgroup_id) group: vec3<u32>) {
    var thread = threads.index;
#ifdef SUBGROUPS
    // Counted lane by lane, so that the threads of a subgroup are neighbours, if none of its lanes is empty: the driver
    // is not bound to either.
    let full = threads.lanes * threads.subgroups == 256u;
    thread = select(thread, threads.subgroup * threads.lanes + threads.lane, full);
#endif
    let place = p.first_group + group.x;
    let panel = place / 8u % p.panels;
    let four = (place % 8u) * ACROSS + thread % ACROSS;
    let slice = thread / ACROSS;
    let first = place / 8u / p.panels * ROWS;
#unroll i ROWS
    var sum$i = vec4<f32>(0.0);
#end
    var k = slice;
    // Four loads are on their way before the first is used.
    for (; k + 3u * SLICES < p.inputs; k += 4u * SLICES) {
        let w0 = weight(panel, k, four);
        let w1 = weight(panel, k + SLICES, four);
        let w2 = weight(panel, k + 2u * SLICES, four);
        let w3 = weight(panel, k + 3u * SLICES, four);
#unroll i ROWS
        sum$i = fma(vec4(input(first + $iu, k)), w0, sum$i);
        sum$i = fma(vec4(input(first + $iu, k + SLICES)), w1, sum$i);
        sum$i = fma(vec4(input(first + $iu, k + 2u * SLICES)), w2, sum$i);
        sum$i = fma(vec4(input(first + $iu, k + 3u * SLICES)), w3, sum$i);
#end
    }
    for (; k < p.inputs; k += SLICES) {
        let w = weight(panel, k, four);
#unroll i ROWS
        sum$i = fma(vec4(input(first + $iu, k)), w, sum$i);
#end
    }
    // First the lanes of a subgroup that have the same columns add up, then the subgroups.
    var apart = ACROSS;
#ifdef SUBGROUPS
    for (; full && apart < threads.lanes; apart *= 2u) {
#unroll i ROWS
        sum$i += subgroupShuffleXor(sum$i, apart);
#end
    }
#endif
#unroll i ROWS
    partial[$iu * 256u + thread] = sum$i;
#end
    for (var half = 128u; half >= apart; half /= 2u) {
        workgroupBarrier();
        if thread < half {
#unroll i ROWS
            partial[$iu * 256u + thread] += partial[$iu * 256u + thread + half];
#end
        }
    }
    if slice == 0u {
#unroll i ROWS
        if first + $iu < p.rows {
            finish(first + $iu, panel, four, partial[$iu * 256u + thread]);
        }
#end
    }
}
