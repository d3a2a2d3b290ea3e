// The product of `tiles` in matrices of 16 by 16 that the lanes of a subgroup hold together, on tensor cores and the like.
// A workgroup makes `TILE_ROWS` rows of a panel of 128 columns: eight subgroups of 32 lanes, each 16 of the columns. Products
// are of half precision, sums single. The including file defines what it defines for `tiles`.
#import weights

const TILE_ROWS = 16u * ROWS;
const CHUNK = 16u;

// `[row][k]`, `[k][column]`, and `[row][column]` of one row of matrices after the other.
var<workgroup> x_tile: array<f16, TILE_ROWS * CHUNK>;
var<workgroup> w_tile: array<f16, CHUNK * 128u>;
var<workgroup> sums: array<f32, 16u * 128u>;

fn four_sums(at: u32) -> vec4<f32> {
    return vec4(sums[at], sums[at + 1u], sums[at + 2u], sums[at + 3u]);
}

@compute @workgroup_size(256)
fn main(
    @builtin(local_invocation_index) thread: u32,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(workgroup_id) group: vec3<u32>,
) {
    let tile = p.first_group + group.x;
    let panel = tile % p.panels;
    let first = tile / p.panels * TILE_ROWS;
#unroll i ROWS
    var sum$i = coop_mat16x16<f32, C>();
#end
    for (var start = 0u; start < p.inputs; start += CHUNK) {
        let k = start + thread % CHUNK;
        for (var row = thread / CHUNK; row < TILE_ROWS; row += 256u / CHUNK) {
            x_tile[row * CHUNK + thread % CHUNK] = f16(input_or_zero(first + row, k));
        }
        for (var i = thread; i < CHUNK * 32u; i += 256u) {
            let k = start + i / 32u;
            var w = vec4<f16>(0.0);
            if k < p.inputs {
                w = weights[(panel * p.inputs + k) * 32u + i % 32u];
            }
            w_tile[i * 4u] = w.x;
            w_tile[i * 4u + 1u] = w.y;
            w_tile[i * 4u + 2u] = w.z;
            w_tile[i * 4u + 3u] = w.w;
        }
        workgroupBarrier();
        let w = coopLoadT<coop_mat16x16<f16, B>>(&w_tile[subgroup * 16u], 128u);
#unroll i ROWS
        let x$i = coopLoadT<coop_mat16x16<f16, A>>(&x_tile[$iu * 16u * CHUNK], CHUNK);
        sum$i = coopMultiplyAdd(x$i, w, sum$i);
#end
        workgroupBarrier();
    }
    let row = thread / 16u;
    let across = thread % 16u;
    let at = row * 128u + across * 4u;
#unroll i ROWS
    coopStoreT(sum$i, &sums[subgroup * 16u], 128u);
    workgroupBarrier();
    if first + $iu * 16u + row < p.rows {
        finish_pair(first + $iu * 16u + row, panel, across, four_sums(at), four_sums(at + 64u));
    }
    workgroupBarrier();
#end
}
