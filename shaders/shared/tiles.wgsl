// The product in tiles: a workgroup makes `TILE_ROWS` rows of a panel of 128 columns; each of its 256 threads `ROWS` rows of
// four columns in either half of the panel. Sums run over the inputs in their order, whatever the tile, so that blocks of any
// size give the same. The including file defines `input(row, k)` for any `k` below `p.inputs` and
// `finish_pair(row, panel, four, left, right)` for the columns `4 four` and `64 + 4 four` of a panel.

// What a tile holds beyond the rows and the inputs of the product is zero.
fn input_or_zero(row: u32, k: u32) -> f32 {
    if k < p.inputs && row < p.rows {
        return input(row, k);
    }
    return 0.0;
}

#ifdef COOPERATIVE
#import cooperative_tiles
#else
#import weights

#ifdef F16
// Products and sums of eight are half precision, what adds them up is single.
alias Elements = vec4<f16>;
#else
alias Elements = vec4<f32>;
#endif

const TILE_ROWS = 16u * ROWS;
const CHUNK = 16u;
// Rows lie in fours. One more keeps the threads that write them off each other's banks.
const FOURS = TILE_ROWS / 4u;
const STRIDE = FOURS + 1u;

var<workgroup> x_tile: array<Elements, CHUNK * STRIDE>;
var<workgroup> w_tile: array<Elements, CHUNK * 32u>;

// The input `k` of four rows.
fn four_inputs(row: u32, k: u32) -> Elements {
    return Elements(vec4(
        input_or_zero(row, k),
        input_or_zero(row + 1u, k),
        input_or_zero(row + 2u, k),
        input_or_zero(row + 3u, k),
    ));
}

fn weights_or_zero(panel: u32, k: u32, four: u32) -> Elements {
    if k < p.inputs {
        return weights[(panel * p.inputs + k) * 32u + four];
    }
    return Elements(0.0);
}

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let tile = p.first_group + group.x;
    let panel = tile % p.panels;
    let first = tile / p.panels * TILE_ROWS;
    let across = thread % 16u;
    let down = (thread / 16u) * ROWS;
#unroll i ROWS
    var left$i = vec4<f32>(0.0);
    var right$i = vec4<f32>(0.0);
#end
    // Threads along the inputs of a row, and along the columns of a row of weights, read what are neighbours in memory.
    let four = thread / CHUNK;
    let loads = four < FOURS;
    let row = first + four * 4u;
    var x = Elements(0.0);
    if loads {
        x = four_inputs(row, thread % CHUNK);
    }
    var w_upper = weights_or_zero(panel, thread / 32u, thread % 32u);
    var w_lower = weights_or_zero(panel, 8u + thread / 32u, thread % 32u);
    for (var next = CHUNK; next < p.inputs + CHUNK; next += CHUNK) {
        if loads {
            x_tile[(thread % CHUNK) * STRIDE + four] = x;
        }
        w_tile[thread] = w_upper;
        w_tile[256u + thread] = w_lower;
        workgroupBarrier();
        // What comes next is on its way while this is worked on.
        if loads {
            x = four_inputs(row, next + thread % CHUNK);
        }
        w_upper = weights_or_zero(panel, next + thread / 32u, thread % 32u);
        w_lower = weights_or_zero(panel, next + 8u + thread / 32u, thread % 32u);
#ifdef F16
        for (var eight = 0u; eight < CHUNK; eight += 8u) {
#unroll i ROWS
            var l$i = Elements(0.0);
            var r$i = Elements(0.0);
#end
            for (var j = eight; j < eight + 8u; j++) {
                let w_left = w_tile[j * 32u + across];
                let w_right = w_tile[j * 32u + 16u + across];
#import row_inputs
#unroll i ROWS
                l$i = fma(x$i, w_left, l$i);
                r$i = fma(x$i, w_right, r$i);
#end
            }
#unroll i ROWS
            left$i += vec4<f32>(l$i);
            right$i += vec4<f32>(r$i);
#end
        }
#else
        for (var j = 0u; j < CHUNK; j++) {
            let w_left = w_tile[j * 32u + across];
            let w_right = w_tile[j * 32u + 16u + across];
#import row_inputs
#unroll i ROWS
            left$i = fma(x$i, w_left, left$i);
            right$i = fma(x$i, w_right, right$i);
#end
        }
#endif
        workgroupBarrier();
    }
#unroll i ROWS
    if first + down + $iu < p.rows {
        finish_pair(first + down + $iu, panel, across, left$i, right$i);
    }
#end
}
#endif
