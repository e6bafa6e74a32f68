use super::*;
use crate::testing::{Random, assert_close};

/// Every window tap: (inside the input, inside the padded input, input offset).
fn naive(
    input: &[f32],
    dims: &[usize],
    shape: &PoolShape,
    mut window: impl FnMut(&[(f32, usize)], usize) -> f32,
) -> Vec<f32> {
    let plan = shape.plan(dims);
    let [id, ih, iw] = plan.input;
    let mut out = Vec::new();
    for plane in 0..plan.n_planes {
        for o in 0..plan.output_len() {
            let o3 = [
                o / (plan.output[1] * plan.output[2]),
                o / plan.output[2] % plan.output[1],
                o % plan.output[2],
            ];
            let (mut inside, mut padded) = (Vec::new(), 0);
            for kd in 0..plan.axes[0].kernel {
                for kh in 0..plan.axes[1].kernel {
                    for kw in 0..plan.axes[2].kernel {
                        let at: Vec<i64> = [kd, kh, kw]
                            .iter()
                            .enumerate()
                            .map(|(i, k)| {
                                let a = plan.axes[i];
                                (o3[i] * a.stride + k * a.dilation) as i64 - a.pad_begin as i64
                            })
                            .collect();
                        let fits = |extra: bool| {
                            (0..3).all(|i| {
                                let pads = if extra { plan.axes[i].pad_end } else { 0 };
                                let low = if extra { -(plan.axes[i].pad_begin as i64) } else { 0 };
                                at[i] >= low && at[i] < (plan.input[i] + pads) as i64
                            })
                        };
                        padded += usize::from(fits(true));
                        if fits(false) {
                            let flat = (at[0] as usize * ih + at[1] as usize) * iw + at[2] as usize;
                            let flat = plane * id * ih * iw + flat;
                            inside.push((input[flat], flat));
                        }
                    }
                }
            }
            out.push(window(&inside, padded));
        }
    }
    out
}

fn random_shape(random: &mut Random, rank: usize) -> PoolShape {
    let mut list = |low: usize, n: usize| (0..rank).map(|_| low + random.below(n)).collect::<Vec<_>>();
    let kernel = list(1, 3);
    let (strides, dilations) = (list(1, 3), list(1, 2));
    // ONNX wants pads smaller than the kernel, so that no window is all padding.
    let pads_begin = kernel.iter().map(|k| k / 2).collect();
    let pads_end = list(0, 2).iter().zip(&kernel).map(|(p, k)| (*p).min(k - 1)).collect();
    PoolShape { kernel, strides, dilations, pads_begin, pads_end, ceil_mode: random.below(2) == 0 }
}

#[test]
fn random_pools_equal_naive() {
    let mut random = Random::new(23);
    for _ in 0..300 {
        let rank = 1 + random.below(3);
        let shape = random_shape(&mut random, rank);
        let mut dims = vec![1 + random.below(2), random.below(4)];
        dims.extend((0..rank).map(|_| 2 + random.below(9)));
        let input = random.floats(dims.iter().product());
        let out_dims = shape.output_dims(&dims);
        let mut got = vec![0.0; out_dims.iter().product()];
        max_pool(&input, &dims, &shape, &mut got, None);
        let mut first = Vec::new();
        let expected = naive(&input, &dims, &shape, |taps, _| {
            let best = taps.iter().copied().reduce(|a, b| if b.0 > a.0 { b } else { a });
            first.push(best.map_or(-1, |x| x.1 as i64));
            best.map_or(f32::NEG_INFINITY, |x| x.0)
        });
        assert_eq!(got, expected, "{shape:?} {dims:?}");
        let mut indices = vec![0; got.len()];
        max_pool(&input, &dims, &shape, &mut got, Some((&mut indices, false)));
        assert_eq!((got.as_slice(), indices), (expected.as_slice(), first));
        for include in [false, true] {
            average_pool(&input, &dims, &shape, include, &mut got);
            let expected = naive(&input, &dims, &shape, |taps, padded| {
                let sum: f32 = taps.iter().map(|x| x.0).sum();
                sum / if include { padded } else { taps.len() } as f32
            });
            let finite: Vec<usize> = (0..got.len()).filter(|i| expected[*i].is_finite()).collect();
            let pick = |x: &[f32]| finite.iter().map(|i| x[*i]).collect::<Vec<_>>();
            assert_close(&pick(&got), &pick(&expected), 1e-5, "average");
        }
    }
}

#[test]
fn column_major_indices() {
    let input: Vec<f32> = (0..12).map(|i| i as f32).collect();
    let shape = PoolShape { kernel: vec![2, 2], ..PoolShape::default() };
    let mut output = vec![0.0; 6];
    let mut indices = vec![0; 6];
    max_pool(&input, &[1, 1, 3, 4], &shape, &mut output, Some((&mut indices, true)));
    assert_eq!(output, [5.0, 6.0, 7.0, 9.0, 10.0, 11.0]);
    assert_eq!(indices, [4, 7, 10, 5, 8, 11]);
}

#[test]
fn nan_wins() {
    let shape = PoolShape { kernel: vec![2], ..PoolShape::default() };
    let mut output = vec![0.0; 3];
    max_pool(&[1.0, f32::NAN, 2.0, 3.0], &[1, 1, 4], &shape, &mut output, None);
    assert!(output[0].is_nan() && output[1].is_nan() && output[2] == 3.0);
}
