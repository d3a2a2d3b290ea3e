// A product whose results stand side by side, in the shape that the permutation asks for. The including file defines
// `input(row, k)` and `finish(row, panel, four, sum)`.
#ifdef FEW
#import few_rows
#else
#import tiles

fn finish_pair(row: u32, panel: u32, four: u32, left: vec4<f32>, right: vec4<f32>) {
    finish(row, panel, four, left);
    finish(row, panel, four + 16u, right);
}
#endif
