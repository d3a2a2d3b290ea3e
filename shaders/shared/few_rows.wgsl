// The product of few rows: the cost is to read the weights once. A workgroup makes 32 columns; 8 threads side by side read
// four columns each, and 32 such rows of threads share the inputs out among them. The including file defines
// `input(row, k)` and `finish(row, panel, four, sum)`, where `four` counts the panel's columns in fours.
#import weights

const SLICES = 32u;

var<workgroup> partial: array<vec4<f32>, 256u * ROWS>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let panel = group.x / 4u;
    let four = (group.x % 4u) * 8u + thread % 8u;
    let slice = thread / 8u;
    let first = group.y * ROWS;
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
#unroll i ROWS
    partial[$iu * 256u + thread] = sum$i;
#end
    for (var half = SLICES / 2u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if slice < half {
#unroll i ROWS
            partial[$iu * 256u + thread] += partial[$iu * 256u + thread + half * 8u];
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
