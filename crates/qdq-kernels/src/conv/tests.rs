use super::*;
use crate::simd::testing::on_each_isa;
use crate::testing::{Random, assert_close};

/// Straight from the definition, in double precision.
fn naive(
    input: &[f32],
    dims: &[usize],
    weights: &[f32],
    bias: Option<&[f32]>,
    shape: &ConvShape,
) -> Vec<f32> {
    let out_dims = shape.output_dims(dims);
    let axes = shape.axes();
    let (i3, o3) = (spatial3(&dims[2..]), spatial3(&out_dims[2..]));
    let k3 = axes.map(|a| a.kernel);
    let (ci, co) = (shape.in_channels / shape.groups, shape.out_channels / shape.groups);
    let mut out = Vec::new();
    for n in 0..dims[0] {
        for oc in 0..shape.out_channels {
            for o in 0..o3.iter().product() {
                let o = [o / (o3[1] * o3[2]), o / o3[2] % o3[1], o % o3[2]];
                let mut sum = bias.map_or(0.0, |b| f64::from(b[oc]));
                for c in 0..ci {
                    for k in 0..k3.iter().product() {
                        let tap = [k / (k3[1] * k3[2]), k / k3[2] % k3[1], k % k3[2]];
                        let at: Vec<usize> = (0..3)
                            .map(|a| {
                                (o[a] * axes[a].stride + tap[a] * axes[a].dilation)
                                    .wrapping_sub(axes[a].pad_begin)
                            })
                            .collect();
                        if (0..3).all(|a| at[a] < i3[a]) {
                            let channel = n * shape.in_channels + oc / co * ci + c;
                            let x = input[((channel * i3[0] + at[0]) * i3[1] + at[1]) * i3[2] + at[2]];
                            let w = weights[(oc * ci + c) * k3.iter().product::<usize>() + k];
                            sum += f64::from(x) * f64::from(w);
                        }
                    }
                }
                out.push(sum as f32);
            }
        }
    }
    out
}

fn check(random: &mut Random, dims: &[usize], shape: &ConvShape, what: &str) {
    let input = random.floats(dims.iter().product());
    let weights = random.floats(shape.n_weights());
    let bias = random.floats(shape.out_channels);
    let bias = (random.below(2) == 0).then_some(bias.as_slice());
    let activation =
        [Activation::None, Activation::Relu, Activation::Clip { min: -0.5, max: 1.0 }, Activation::Silu]
            [random.below(4)];
    let mut expected = naive(&input, dims, &weights, bias, shape);
    activation.apply(&mut expected);
    let mut got = vec![f32::NAN; expected.len()];
    conv(&input, dims, &weights, bias, shape, activation, &mut got);
    let depth = shape.n_weights() / shape.out_channels.max(1);
    let tolerance = 2e-6 * (4.0 + depth as f32).sqrt();
    assert_close(&got, &expected, tolerance, &format!("{what} {dims:?} {shape:?}"));
}

fn square(in_channels: usize, out_channels: usize, groups: usize, kernel: usize, stride: usize) -> ConvShape {
    ConvShape {
        in_channels,
        out_channels,
        groups,
        kernel: vec![kernel; 2],
        strides: vec![stride; 2],
        dilations: vec![],
        pads_begin: vec![kernel / 2; 2],
        pads_end: vec![kernel / 2; 2],
    }
}

#[test]
fn random_convolutions_equal_naive() {
    on_each_isa(|isa| {
        let mut random = Random::new(43);
        for _ in 0..400 {
            let rank = 1 + random.below(3);
            let groups = [1, 1, 2, 3][random.below(4)];
            let ci = if random.below(20) == 0 { 0 } else { [1, 2, 5][random.below(3)] };
            let co = 1 + random.below(9);
            let mut list =
                |low: usize, n: usize| (0..rank).map(|_| low + random.below(n)).collect::<Vec<_>>();
            let shape = ConvShape {
                in_channels: ci.max(usize::from(groups > 1)) * groups,
                out_channels: co * groups,
                groups,
                kernel: list(1, 4),
                strides: list(1, 3),
                dilations: list(1, 2),
                pads_begin: list(0, 4),
                pads_end: list(0, 4),
            };
            let size = if rank == 3 { 5 } else { 14 };
            let mut dims = vec![random.below(3), shape.in_channels];
            dims.extend((0..rank).map(|_| 1 + random.below(size)));
            check(&mut random, &dims, &shape, &format!("{isa:?}"));
        }
    });
}

#[test]
fn typical_layers_equal_naive() {
    on_each_isa(|isa| {
        let mut random = Random::new(47);
        let what = format!("{isa:?}");
        check(&mut random, &[1, 3, 33, 35], &square(3, 16, 1, 3, 2), &what);
        check(&mut random, &[2, 20, 7, 7], &square(20, 48, 1, 1, 1), &what);
        check(&mut random, &[1, 40, 7, 7], &square(40, 64, 1, 3, 1), &what);
        check(&mut random, &[1, 64, 1, 1], &square(64, 33, 1, 1, 1), &what);
        check(&mut random, &[3, 8, 16, 16], &square(8, 17, 1, 3, 2), &what);
        for kernel in [1, 3, 5, 7] {
            for stride in [1, 2, 3] {
                for size in [1, 2, 5, 7, 8, 14, 17, 28, 40] {
                    check(&mut random, &[1, 3, size, size + 1], &square(3, 3, 3, kernel, stride), &what);
                }
            }
        }
        check(&mut random, &[2, 3, 9, 9], &square(3, 6, 3, 3, 1), &what);
    });
}

#[test]
fn threads_do_not_change_bits() {
    let mut random = Random::new(53);
    for shape in [square(16, 40, 1, 3, 1), square(32, 32, 32, 3, 1), square(16, 40, 4, 3, 2)] {
        let dims = [2, shape.in_channels, 30, 30];
        let (input, weights) = (random.floats(dims.iter().product()), random.floats(shape.n_weights()));
        let run = |n_threads: usize| {
            let mut out = vec![0.0; shape.output_dims(&dims).iter().product()];
            crate::parallel::with_threads(n_threads, || {
                conv(&input, &dims, &weights, None, &shape, Activation::Relu, &mut out)
            });
            out
        };
        assert_eq!(run(1), run(3));
    }
}
