use super::*;
use crate::simd::testing::on_each_isa;
use crate::testing::{Random, assert_close};

fn element(matrix: MatRef<'_>, i: usize, j: usize) -> f32 {
    matrix.data[i * matrix.row_stride + j * matrix.column_stride]
}

fn naive(a: MatRef<'_>, b: MatRef<'_>, options: &GemmOptions<'_>, c: &[f32]) -> Vec<f32> {
    let (m, n, k) = (a.rows, b.columns, a.columns);
    let mut out = vec![0.0; m * n];
    for i in 0..m {
        for j in 0..n {
            let sum: f64 = (0..k).map(|p| f64::from(element(a, i, p)) * f64::from(element(b, p, j))).sum();
            let bias = match options.bias {
                Bias::None => 0.0,
                Bias::PerRow(bias) => bias[i],
                Bias::PerColumn(bias) => bias[j],
            };
            out[i * n + j] = options.alpha * sum as f32 + options.beta * c[i * n + j] + bias;
            options.activation.apply(&mut out[i * n + j..=i * n + j]);
        }
    }
    out
}

fn random_matrix<'a>(random: &mut Random, data: &'a [f32], rows: usize, columns: usize) -> MatRef<'a> {
    match random.below(3) {
        0 => MatRef::row_major(data, rows, columns),
        1 => MatRef::row_major(data, columns, rows).transposed(),
        _ => MatRef::new(data, rows, columns, 2 * columns, 2),
    }
}

fn check(random: &mut Random, m: usize, n: usize, k: usize, what: &str) {
    let (a_data, b_data) = (random.floats(2 * m * k), random.floats(2 * k * n));
    let a = random_matrix(random, &a_data, m, k);
    let b = random_matrix(random, &b_data, k, n);
    let (row_bias, column_bias, c) = (random.floats(m), random.floats(n), random.floats(m * n));
    let options = GemmOptions {
        alpha: [1.0, 0.5][random.below(2)],
        beta: [0.0, 1.0, -0.5][random.below(3)],
        bias: [Bias::None, Bias::PerRow(&row_bias), Bias::PerColumn(&column_bias)][random.below(3)],
        activation: [Activation::None, Activation::Relu, Activation::Sigmoid][random.below(3)],
    };
    let expected = naive(a, b, &options, &c);
    let (packed_a, packed_b) = (PackedA::new(a), PackedB::new(b));
    let lefts = [LeftOperand::Matrix(a), LeftOperand::Packed(&packed_a)];
    let rights = [RightOperand::Matrix(b), RightOperand::Packed(&packed_b)];
    for left in lefts {
        for right in rights {
            let mut got = c.clone();
            gemm(left, right, &options, &mut got);
            let what = format!("{what} m {m} n {n} k {k}");
            assert_close(&got, &expected, 2e-6 * (4.0 + k as f32).sqrt(), &what);
        }
    }
}

#[test]
fn random_products_equal_naive() {
    on_each_isa(|isa| {
        let mut random = Random::new(31);
        let sizes = [0, 1, 2, 3, 5, 8, 14, 15, 16, 17, 31, 32, 33, 50, 70];
        for _ in 0..300 {
            let mut size = || sizes[random.below(sizes.len())];
            let (m, n, k) = (size(), size(), size());
            check(&mut random, m, n, k, &format!("{isa:?}"));
        }
        for (m, n, k) in [(1, 700, 900), (200, 300, 700), (2, 513, 321), (300, 1, 400)] {
            check(&mut random, m, n, k, &format!("{isa:?}"));
        }
    });
}

#[test]
fn batches() {
    let mut random = Random::new(37);
    let (m, n, k) = (5, 7, 9);
    for n_batches in [0, 1, 3, 6] {
        let (a, b) = (random.floats(n_batches * m * k), random.floats(k * n));
        let mut got = vec![0.0; n_batches * m * n];
        let left = |i: usize| MatRef::row_major(&a[i * m * k..], m, k);
        let right = MatRef::row_major(&b, k, n);
        gemm_batched(n_batches, |i| left(i).into(), |_| right.into(), &GemmOptions::default(), &mut got);
        for (i, plane) in got.chunks(m * n).enumerate() {
            let expected = naive(left(i), right, &GemmOptions::default(), plane);
            assert_close(plane, &expected, 1e-5, "batch");
        }
    }
}

#[test]
fn threads_do_not_change_bits() {
    let mut random = Random::new(41);
    let (m, n, k) = (130, 300, 350);
    let (a, b) = (random.floats(m * k), random.floats(k * n));
    let product = |n_threads: usize| {
        let mut c = vec![0.0; m * n];
        let (a, b) = (MatRef::row_major(&a, m, k), MatRef::row_major(&b, k, n));
        crate::parallel::with_threads(n_threads, || {
            gemm(a.into(), b.into(), &GemmOptions::default(), &mut c)
        });
        c
    };
    assert_eq!(product(1), product(3));
}
