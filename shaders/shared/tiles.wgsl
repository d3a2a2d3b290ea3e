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
alias Element = f16;
alias Elements = vec4<f16>;
#else
alias Element = f32;
alias Elements = vec4<f32>;
#endif

const TILE_ROWS = 16u * ROWS;
// A column of padding keeps the threads that write one off each other's banks.
const STRIDE = TILE_ROWS + 1u;
#ifdef SHORT_CHUNK
const CHUNK = 8u;
#else
const CHUNK = 16u;
#endif

var<workgroup> x_tile: array<Element, CHUNK * STRIDE>;
var<workgroup> w_tile: array<Elements, CHUNK * 32u>;

@compute @workgroup_size(256)
fn main(@builtin(local_invocation_index) thread: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let panel = group.x;
    let first = group.y * TILE_ROWS;
    let across = thread % 16u;
    let down = (thread / 16u) * ROWS;
#unroll i ROWS
    var left$i = vec4<f32>(0.0);
    var right$i = vec4<f32>(0.0);
#end
    for (var start = 0u; start < p.inputs; start += CHUNK) {
        // Threads along the inputs of a row: they are neighbours in memory.
        let k = start + thread % CHUNK;
        for (var row = thread / CHUNK; row < TILE_ROWS; row += 256u / CHUNK) {
            x_tile[(thread % CHUNK) * STRIDE + row] = Element(input_or_zero(first + row, k));
        }
        for (var i = thread; i < CHUNK * 32u; i += 256u) {
            let k = start + i / 32u;
            var w = Elements(0.0);
            if k < p.inputs {
                w = weights[(panel * p.inputs + k) * 32u + i % 32u];
            }
            w_tile[i] = w;
        }
        workgroupBarrier();
#ifdef F16
        for (var eight = 0u; eight < CHUNK; eight += 8u) {
#unroll i ROWS
            var l$i = Elements(0.0);
            var r$i = Elements(0.0);
#end
            for (var j = eight; j < eight + 8u; j++) {
                let w_left = w_tile[j * 32u + across];
                let w_right = w_tile[j * 32u + 16u + across];
#unroll i ROWS
                let x$i = Elements(x_tile[j * STRIDE + down + $iu]);
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
#unroll i ROWS
            let x$i = vec4(x_tile[j * STRIDE + down + $iu]);
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
