//! Inverting the 1×1 convolutions.

use crate::room;

/// The inverse of a square matrix `[n, n]`, by Gauss-Jordan elimination with partial pivoting in f64.
/// `None` when it is singular.
pub(super) fn invert(matrix: &[f32], n: usize) -> Option<Vec<f32>> {
    let width = 2 * n;
    let mut a: Vec<f64> = room::zeros(n * width);
    for r in 0..n {
        for c in 0..n {
            a[r * width + c] = f64::from(matrix[r * n + c]);
        }
        a[r * width + n + r] = 1.0;
    }
    for column in 0..n {
        let magnitude = |r: &usize| a[r * width + column].abs();
        let pivot = (column..n).max_by(|x, y| magnitude(x).total_cmp(&magnitude(y)))?;
        if a[pivot * width + column].abs() < 1e-12 {
            return None;
        }
        for c in 0..width {
            a.swap(column * width + c, pivot * width + c);
        }
        let scale = 1.0 / a[column * width + column];
        a[column * width..(column + 1) * width]
            .iter_mut()
            .for_each(|x| *x *= scale);
        for r in (0..n).filter(|&r| r != column) {
            let factor = a[r * width + column];
            if factor != 0.0 {
                for c in column..width {
                    a[r * width + c] -= factor * a[column * width + c];
                }
            }
        }
    }
    let rows = a
        .chunks_exact(width)
        .flat_map(|row| row[n..].iter().map(|&x| x as f32));
    Some(rows.collect())
}

#[cfg(test)]
mod tests {
    use super::invert;
    use crate::backend::philox;

    #[test]
    fn a_matrix_times_its_inverse_is_the_identity() {
        // Random values with a heavy diagonal: far from singular.
        let n = 16;
        let value =
            |i: usize| philox([i as u32, 0, 0, 0], [1, 2])[0] as f32 / u32::MAX as f32 - 0.5;
        let m: Vec<f32> = (0..n * n)
            .map(|i| value(i) + if i % (n + 1) == 0 { 3.0 } else { 0.0 })
            .collect();
        let inverse = invert(&m, n).expect("not singular");
        for r in 0..n {
            for c in 0..n {
                let x: f32 = (0..n).map(|k| m[r * n + k] * inverse[k * n + c]).sum();
                let expected = if r == c { 1.0 } else { 0.0 };
                assert!((x - expected).abs() < 1e-5, "({r}, {c}) is {x}");
            }
        }
    }

    #[test]
    fn a_singular_matrix_is_refused() {
        assert!(invert(&[1.0, 2.0, 2.0, 4.0], 2).is_none());
    }
}
