use super::super::dot::testing::on_each_kernel;
use super::super::testing::{Owned, RandomEpilogue, naive_sum};
use super::*;
use crate::testing::Random;

/// Place of an element of `[n, c, positions]` in memory.
fn place(
    layout: Layout,
    n: usize,
    c: usize,
    n_channels: usize,
    position: usize,
    n_positions: usize,
) -> usize {
    match layout {
        Layout::ChannelsFirst => (n * n_channels + c) * n_positions + position,
        Layout::ChannelsLast => (n * n_positions + position) * n_channels + c,
    }
}

/// One sum by the definition; `c` is the output channel.
fn naive_at(
    weights: Bytes<'_>,
    zero_point: i32,
    shape: &ConvShape,
    input: &ConvInput<'_>,
    output_dims: &[usize],
    (n, c, position): (usize, usize, usize),
    arithmetic: Arithmetic,
) -> i32 {
    let axes = axes3(&shape.kernel, &shape.strides, &shape.dilations, &shape.pads_begin, &shape.pads_end);
    let (sizes, outputs) = (spatial3(&input.dims[2..]), spatial3(&output_dims[2..]));
    let kernel = axes.map(|axis| axis.kernel);
    let split =
        |i: usize, sizes: [usize; 3]| [i / (sizes[1] * sizes[2]), i / sizes[2] % sizes[1], i % sizes[2]];
    let (group_in, group_out) = (shape.in_channels / shape.groups, shape.out_channels / shape.groups);
    let o = split(position, outputs);
    // Depth in the order (tap, channel).
    let a = |p: usize| {
        let (tap, channel) = (split(p / group_in, kernel), p % group_in + c / group_out * group_in);
        let mut flat = 0;
        for i in 0..3 {
            let at = (o[i] * axes[i].stride + tap[i] * axes[i].dilation).checked_sub(axes[i].pad_begin);
            match at.filter(|at| *at < sizes[i]) {
                Some(at) => flat = flat * sizes[i] + at,
                None => return input.zero_point,
            }
        }
        input.data.get(place(input.layout, n, channel, shape.in_channels, flat, sizes.iter().product()))
    };
    let n_taps: usize = kernel.iter().product();
    let b = |p: usize| weights.get((c * group_in + p % group_in) * n_taps + p / group_in);
    naive_sum(group_in * n_taps, a, input.zero_point, b, zero_point, arithmetic)
}

fn random_shape(random: &mut Random) -> (ConvShape, Vec<usize>) {
    let rank = 1 + random.below(3);
    let mut list = |low: usize, high: usize| -> Vec<usize> {
        (0..rank).map(|_| low + random.below(high - low + 1)).collect()
    };
    let (kernel, strides, dilations) = (list(1, 3), list(1, 2), list(1, 2));
    let (pads_begin, pads_end, sizes) = (list(0, 2), list(0, 2), list(5, 8));
    let groups = [1, 1, 1, 2, 3, 24, 40, 64, 100][random.below(9)];
    let depthwise = groups > 3 || random.below(4) == 0;
    let in_channels = groups * if depthwise { 1 } else { 1 + random.below(6) };
    let out_channels = groups * (1 + random.below(if groups > 3 { 2 } else { 20 }));
    let mut dims = vec![random.below(3), in_channels];
    dims.extend(sizes);
    let plain = random.below(4) == 0;
    let shape = ConvShape {
        in_channels,
        out_channels,
        groups,
        kernel: if plain { vec![1; rank] } else { kernel },
        strides: if plain { vec![] } else { strides },
        dilations: if plain || random.below(2) == 0 { vec![] } else { dilations },
        pads_begin: if plain { vec![] } else { pads_begin },
        pads_end: if plain { vec![] } else { pads_end },
    };
    (shape, dims)
}

fn check(random: &mut Random, shape: &ConvShape, dims: &[usize], arithmetic: Arithmetic, what: &str) {
    // With several outputs for each channel onnxruntime has no depthwise kernel, and saturates.
    let depthwise = shape.groups > 1 && [shape.in_channels, shape.out_channels] == [shape.groups; 2];
    let exact = arithmetic == Arithmetic::Exact;
    let (a_signed, b_signed) = (exact && random.below(2) == 0, !exact || random.below(2) == 0);
    let input = Owned::random(random, a_signed, dims.iter().product());
    let weights = Owned::random(random, b_signed, shape.n_weights());
    let n_zero_points = [0, 1, shape.out_channels][random.below(3)];
    let zero_points: Vec<i32> =
        (0..n_zero_points).map(|_| Owned::random_zero_point(random, b_signed)).collect();
    let bias: Vec<i32> = (0..shape.out_channels).map(|_| random.below(1 << 12) as i32).collect();
    let bias = (random.below(2) == 0).then_some(bias.as_slice());
    let mut layout = || [Layout::ChannelsFirst, Layout::ChannelsLast][random.below(2)];
    let (input_layout, output_layout) = (layout(), layout());
    let zero_point = Owned::random_zero_point(random, a_signed);
    let input = ConvInput { data: input.bytes(), dims, layout: input_layout, zero_point };
    let random_epilogue = RandomEpilogue::new(random, shape.out_channels);
    let output_dims = shape.output_dims(dims);
    let n_positions: usize = output_dims[2..].iter().product();
    let mut expected = vec![0.0; output_dims.iter().product()];
    for n in 0..dims[0] {
        for c in 0..shape.out_channels {
            let zero_point = zero_points.get(if zero_points.len() > 1 { c } else { 0 }).copied().unwrap_or(0);
            for position in 0..n_positions {
                let arithmetic = if depthwise { Arithmetic::Exact } else { arithmetic };
                let at = (n, c, position);
                let sum = naive_at(weights.bytes(), zero_point, shape, &input, &output_dims, at, arithmetic);
                let sum = sum + bias.map_or(0, |bias| bias[c]);
                expected[place(output_layout, n, c, shape.out_channels, position, n_positions)] =
                    random_epilogue.value(sum, c);
            }
        }
    }
    let packed = PackedConv::new(weights.bytes(), &zero_points, bias, shape.clone(), arithmetic);
    let got = random_epilogue.collect(expected.len(), |output| {
        packed.run(input, &random_epilogue.epilogue(), output, output_layout);
    });
    assert_eq!(got, expected, "{what} {shape:?} {dims:?} {random_epilogue:?}");
}

#[test]
fn random_convolutions_equal_naive() {
    on_each_kernel(|kernel| {
        let mut random = Random::new(29);
        for i in 0..250 {
            let (shape, dims) = random_shape(&mut random);
            let arithmetic = if i % 4 == 0 { Arithmetic::SaturatingPairs } else { Arithmetic::Exact };
            check(&mut random, &shape, &dims, arithmetic, &format!("{kernel:?}"));
        }
    });
}

#[test]
fn layers_of_real_networks_equal_naive() {
    on_each_kernel(|kernel| {
        let mut random = Random::new(31);
        for (size, channels, kernel_size, stride, groups) in [
            (15, [3, 32], 3, 2, 1),
            (12, [16, 40], 3, 1, 1),
            (9, [64, 50], 1, 1, 1),
            (9, [48, 20], 1, 2, 1),
            (11, [72, 72], 3, 2, 72),
            (14, [33, 33], 5, 1, 33),
            (9, [8, 16], 3, 1, 8),
        ] {
            let shape = ConvShape {
                in_channels: channels[0],
                out_channels: channels[1],
                groups,
                kernel: vec![kernel_size; 2],
                strides: vec![stride; 2],
                dilations: vec![],
                pads_begin: vec![kernel_size / 2; 2],
                pads_end: vec![kernel_size / 2; 2],
            };
            check(
                &mut random,
                &shape,
                &[2, channels[0], size, size],
                Arithmetic::Exact,
                &format!("{kernel:?}"),
            );
        }
    });
}
