use super::super::dot::testing::on_each_kernel;
use super::super::testing::{Owned, RandomEpilogue, naive_sum};
use super::super::{Arithmetic, max_depth};
use super::*;
use crate::testing::Random;

fn check(random: &mut Random, m: usize, n: usize, k: usize, arithmetic: Arithmetic, what: &str) {
    let exact = arithmetic == Arithmetic::Exact;
    let a_signed = exact && random.below(2) == 0;
    let b_signed = !exact || random.below(2) == 0;
    let (a, b) = (Owned::random(random, a_signed, m * k), Owned::random(random, b_signed, k * n));
    let a_zero_point = Owned::random_zero_point(random, a_signed);
    let n_zero_points = [0, 1, n][random.below(3)];
    let zero_points: Vec<i32> =
        (0..n_zero_points).map(|_| Owned::random_zero_point(random, b_signed)).collect();
    let bias: Vec<i32> = (0..n).map(|_| random.below(1 << 16) as i32 - (1 << 15)).collect();
    let bias = (random.below(2) == 0).then_some(bias.as_slice());
    let random_epilogue = RandomEpilogue::new(random, n);
    let turned = random.below(2) == 0;
    let b_at = |p: usize, j: usize| b.bytes().get(if turned { j * k + p } else { p * n + j });
    let mut expected = Vec::new();
    for i in 0..m {
        for j in 0..n {
            let zero_point = zero_points.get(if zero_points.len() > 1 { j } else { 0 }).copied().unwrap_or(0);
            let a_at = |p: usize| a.bytes().get(i * k + p);
            let sum = naive_sum(k, a_at, a_zero_point, |p| b_at(p, j), zero_point, arithmetic);
            expected.push(random_epilogue.value(sum + bias.map_or(0, |bias| bias[j]), j));
        }
    }
    let pack = if turned { PackedB::transposed } else { PackedB::new };
    let packed = pack(b.bytes(), k, n, &zero_points, arithmetic);
    let got = random_epilogue.collect(m * n, |output| {
        gemm(a.bytes(), m, a_zero_point, &packed, bias, &random_epilogue.epilogue(), output);
    });
    assert_eq!(got, expected, "{what} m {m} n {n} k {k} {random_epilogue:?}");
}

#[test]
fn random_products_equal_naive() {
    let sizes = [0, 1, 2, 3, 4, 5, 7, 8, 13, 15, 16, 17, 31, 33, 50];
    on_each_kernel(|kernel| {
        let mut random = Random::new(17);
        for arithmetic in [Arithmetic::Exact, Arithmetic::SaturatingPairs] {
            for _ in 0..300 {
                let mut size = || sizes[random.below(sizes.len())];
                let (m, n, k) = (size(), size(), size());
                check(&mut random, m, n, k, arithmetic, &format!("{kernel:?}"));
            }
            for (m, n, k) in [(1, 300, 900), (250, 130, 33), (2, 70, 3000), (70, 1, 400), (90, 200, 260)] {
                check(&mut random, m, n, k, arithmetic, &format!("{kernel:?}"));
            }
        }
    });
}

#[test]
fn deepest_product_of_extremes_fits() {
    let k = max_depth(255, 1000);
    assert_eq!(k, 33025);
    on_each_kernel(|kernel| {
        let (a, b) = (vec![255; k], vec![127; k]);
        let packed = PackedB::new(Bytes::I8(&b), k, 1, &[-128], Arithmetic::Exact);
        let mut sum = [0];
        gemm(Bytes::U8(&a), 1, 0, &packed, Some(&[1000]), &Epilogue::Sums, Output::I32(&mut sum));
        assert_eq!(sum[0], k as i32 * 255 * 255 + 1000, "{kernel:?}");
    });
}

#[test]
fn threads_do_not_change_results() {
    let mut random = Random::new(5);
    let (m, n, k) = (300, 200, 100);
    let (a, b) = (Owned::random(&mut random, false, m * k), Owned::random(&mut random, true, k * n));
    let packed = PackedB::new(b.bytes(), k, n, &[], Arithmetic::Exact);
    let product = |n_threads: usize| {
        let mut sums = vec![0; m * n];
        crate::parallel::with_threads(n_threads, || {
            gemm(a.bytes(), m, 128, &packed, None, &Epilogue::Sums, Output::I32(&mut sums));
        });
        sums
    };
    assert_eq!(product(1), product(3));
}
