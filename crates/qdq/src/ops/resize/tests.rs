#![allow(clippy::excessive_precision, reason = "pasted from the reference")]

use super::*;
use crate::ops::testing::{assert_close, counting, eval_all, floats};

fn resize(
    op: Resize,
    input: Tensor,
    roi: Option<&[f32]>,
    scales: Option<&[f32]>,
    sizes: Option<&[i64]>,
) -> Result<Tensor> {
    let vector = |x: &[f32]| Tensor::vector(x.to_vec());
    let inputs =
        [Some(input), roi.map(vector), scales.map(vector), sizes.map(|x| Tensor::vector(x.to_vec()))];
    Ok(eval_all(op, inputs, 1)?.remove(0))
}

/// Mode, coordinates and scale, with the result of onnxruntime 1.32.
#[allow(clippy::type_complexity, reason = "a table")]
const CASES: &[((&str, &str, f32), &[f32])] = &[
    (("nearest", "half_pixel", 1.6), &[3.0, 3.0, -1.0, 4.0, 4.0, 1.0, -5.0, -5.0, 9.0, 9.0, 2.0, 6.0]),
    (("nearest", "half_pixel", 0.6), &[3.0, 4.0, -5.0, 9.0]),
    (
        ("nearest", "half_pixel_symmetric", 1.6),
        &[3.0, -1.0, -1.0, 4.0, 1.0, 1.0, -5.0, -5.0, 9.0, 2.0, 2.0, 6.0],
    ),
    (("nearest", "half_pixel_symmetric", 0.6), &[-1.0, 1.0, -5.0, 2.0]),
    (
        ("nearest", "pytorch_half_pixel", 1.6),
        &[3.0, 3.0, -1.0, 4.0, 4.0, 1.0, -5.0, -5.0, 9.0, 9.0, 2.0, 6.0],
    ),
    (("nearest", "pytorch_half_pixel", 0.6), &[3.0, 4.0, -5.0, 9.0]),
    (("nearest", "align_corners", 1.6), &[3.0, -1.0, -1.0, 4.0, 1.0, 1.0, -5.0, -5.0, 9.0, 2.0, 2.0, 6.0]),
    (("nearest", "align_corners", 0.6), &[3.0, 4.0, 9.0, 6.0]),
    (("nearest", "asymmetric", 1.6), &[3.0, -1.0, -1.0, 4.0, 4.0, 1.0, -5.0, -5.0, 9.0, 2.0, 2.0, 6.0]),
    (("nearest", "asymmetric", 0.6), &[3.0, 4.0, 1.0, 9.0]),
    (
        ("linear", "half_pixel", 1.6),
        &[3.0, 1.25, -0.687_5, 2.437_5, 3.062_5, 1.187_5, -2.375, -2.375, 6.375, 5.937_5, 2.25, 4.75],
    ),
    (("linear", "half_pixel", 0.6), &[1.666_667, 4.0, -2.999_999, 6.666_668]),
    (
        ("linear", "half_pixel_symmetric", 1.6),
        &[2.75, 0.25, 0.562_5, 3.687_5, 2.312_5, -0.125, -3.875, 1.125, 8.562_5, 4.187_5, 3.25, 5.75],
    ),
    (("linear", "half_pixel_symmetric", 0.6), &[-1.0, 2.0, -0.333_338, 2.0]),
    (
        ("linear", "pytorch_half_pixel", 1.6),
        &[3.0, 1.25, -0.687_5, 2.437_5, 3.062_5, 1.187_5, -2.375, -2.375, 6.375, 5.937_5, 2.25, 4.75],
    ),
    (("linear", "pytorch_half_pixel", 0.6), &[1.666_667, 4.0, -2.999_999, 6.666_668]),
    (
        ("linear", "align_corners", 1.6),
        &[
            3.0, 0.454_545, 0.363_636, 3.545_455, 2.363_636, -0.090_909, -3.909_091, 1.363_637, 8.363_636,
            3.909_092, 3.454_546, 6.0,
        ],
    ),
    (("linear", "align_corners", 0.6), &[3.0, 3.0, 4.333_331, 6.0]),
    (("linear", "asymmetric", 1.6), &[3.0, 0.5, 0.25, 3.375, 2.5, 0.25, -3.5, 0.25, 9.0, 4.625, 3.0, 5.5]),
    (("linear", "asymmetric", 0.6), &[3.0, 2.333_333, -1.0, 9.0]),
    (
        ("cubic", "half_pixel", 1.6),
        &[
            3.371_338, 0.877_014, -0.908_142, 2.669_128, 3.978_943, 1.409_973, -4.116_882, -3.115_295,
            7.229_553, 7.121_826, 1.910_339, 4.478_088,
        ],
    ),
    (("cubic", "half_pixel", 0.6), &[1.462_965, 4.0, -4.833_336, 8.129_631]),
    (
        ("cubic", "half_pixel_symmetric", 1.6),
        &[
            2.787_537, -0.384_46, 0.169_739, 3.864_197, 3.316_101, -0.560_608, -5.381_775, 0.959_656,
            9.218_018, 4.308_35, 2.393_982, 5.782_043,
        ],
    ),
    (("cubic", "half_pixel_symmetric", 0.6), &[-1.0, 2.888_888, -0.870_376, 2.0]),
    (
        ("cubic", "pytorch_half_pixel", 1.6),
        &[
            3.371_338, 0.877_014, -0.908_142, 2.669_128, 3.978_943, 1.409_973, -4.116_882, -3.115_295,
            7.229_553, 7.121_826, 1.910_339, 4.478_088,
        ],
    ),
    (("cubic", "pytorch_half_pixel", 0.6), &[1.462_965, 4.0, -4.833_336, 8.129_631]),
    (
        ("cubic", "align_corners", 1.6),
        &[
            3.0, -0.160_783, -0.060_106, 3.776_485, 3.377_911, -0.506_764, -5.389_933, 1.267_843, 9.248_312,
            3.886_559, 2.618_329, 6.0,
        ],
    ),
    (("cubic", "align_corners", 0.6), &[3.0, 3.944_443, 5.037_034, 6.0]),
    (
        ("cubic", "asymmetric", 1.6),
        &[
            3.0, -0.107_91, -0.183_594, 3.651_855, 3.531_25, 0.014_16, -5.222_656, -0.152_832, 9.0,
            5.005_859, 2.167_969, 5.510_254,
        ],
    ),
    (("cubic", "asymmetric", 0.6), &[3.0, 2.537_036, -1.999_996, 9.0]),
];

#[test]
fn all_modes_as_in_onnxruntime() {
    let x = floats([1, 1, 8], &[3.0, -1.0, 4.0, 1.0, -5.0, 9.0, 2.0, 6.0]);
    for ((mode, coordinates, scale), expected) in CASES {
        let op = Resize {
            mode: ResizeMode::from_name(mode).unwrap(),
            coordinate_transformation_mode: CoordinateTransformationMode::from_name(coordinates).unwrap(),
            ..Resize::default()
        };
        let scales = [1.0, 1.0, *scale];
        assert_close(&resize(op.clone(), x.clone(), None, Some(&scales), None).unwrap(), expected);
        let doubles = Tensor::from_vec(vec![1, 1, 8], x.to_f64_vec().unwrap()).unwrap();
        let y = resize(op, doubles, None, Some(&scales), None).unwrap();
        assert_close(&Tensor::vector(y.to_f32_vec().unwrap()), expected);
    }
}

#[test]
fn nearest_modes_for_any_type() {
    let x = Tensor::from_vec(vec![1, 1, 8], vec![3i8, -1, 4, 1, -5, 9, 2, 6]).unwrap();
    for (mode, expected) in [
        (NearestMode::RoundPreferFloor, [3i8, 4, -5, 2]),
        (NearestMode::RoundPreferCeil, [-1, 1, 9, 6]),
        (NearestMode::Floor, [3, 4, -5, 2]),
        (NearestMode::Ceil, [-1, 1, 9, 6]),
    ] {
        let op = Resize { nearest_mode: mode, ..Resize::default() };
        let y = resize(op, x.clone(), None, Some(&[1.0, 1.0, 0.5]), None).unwrap();
        assert_eq!(y.as_slice::<i8>().unwrap(), expected);
    }
    let bools = Tensor::from_vec(vec![2], vec![true, false]).unwrap();
    let y = resize(Resize::default(), bools, None, None, Some(&[4])).unwrap();
    assert_eq!(y, Tensor::vector(vec![true, true, false, false]));
}

#[test]
fn two_axes() {
    let linear = Resize { mode: ResizeMode::Linear, ..Resize::default() };
    let cubic = Resize { mode: ResizeMode::Cubic, ..Resize::default() };
    let x = || counting([1, 1, 4, 4]);
    let expected = [
        0.666_667, 1.166_667, 1.833_333, 2.5, 3.166_667, 3.666_667, 6.0, 6.5, 7.166_667, 7.833_333, 8.5, 9.0,
        11.333_333, 11.833_333, 12.5, 13.166_666, 13.833_334, 14.333_334,
    ];
    assert_close(&resize(linear.clone(), x(), None, None, Some(&[1, 1, 3, 6])).unwrap(), &expected);
    let op = Resize { antialias: true, ..linear };
    assert_close(
        &resize(op, x(), None, Some(&[1.0, 1.0, 0.6, 0.6]), None).unwrap(),
        &[1.875, 3.5, 8.375, 10.0],
    );
    let op = Resize { antialias: true, ..cubic.clone() };
    let expected = [1.518_070, 3.285_886, 8.589_333, 10.357_148];
    assert_close(&resize(op, x(), None, Some(&[1.0, 1.0, 0.6, 0.6]), None).unwrap(), &expected);
    let op = Resize { exclude_outside: true, cubic_coeff_a: -0.5, ..cubic };
    let expected =
        [0.368_127, 1.669_501, 3.013_337, 5.573_625, 6.875, 8.218_836, 10.948_965, 12.250_341, 13.594_177];
    assert_close(&resize(op, x(), None, Some(&[1.0, 1.0, 0.8, 0.8]), None).unwrap(), &expected);
}

#[test]
fn regions_of_interest() {
    let op = Resize {
        mode: ResizeMode::Linear,
        coordinate_transformation_mode: CoordinateTransformationMode::TfCropAndResize,
        extrapolation_value: 10.0,
        ..Resize::default()
    };
    let roi = [0.0, 0.0, 0.4, 0.6, 1.0, 1.0, 0.6, 1.7];
    let y = resize(op, counting([1, 1, 4, 4]), Some(&roi), None, Some(&[1, 1, 3, 3])).unwrap();
    assert_close(&y, &[6.6, 10.0, 10.0, 7.8, 10.0, 10.0, 9.0, 10.0, 10.0]);
}

#[test]
fn policies() {
    for (policy, axes, expected) in [
        (KeepAspectRatioPolicy::NotLarger, vec![2, 3], [1, 1, 7, 7]),
        (KeepAspectRatioPolicy::NotSmaller, vec![-1, -2], [1, 1, 8, 8]),
        (KeepAspectRatioPolicy::Stretch, vec![3, 2], [1, 1, 8, 7]),
    ] {
        let op = Resize { keep_aspect_ratio_policy: policy, axes: Some(axes), ..Resize::default() };
        let y = resize(op, counting([1, 1, 4, 4]), None, None, Some(&[7, 8])).unwrap();
        assert_eq!(y.shape(), expected);
    }
}

#[test]
fn bad_input_is_an_error() {
    let bad = |op: Resize, scales: Option<&[f32]>, sizes: Option<&[i64]>| {
        resize(op, counting([2, 2]), None, scales, sizes).unwrap_err()
    };
    bad(Resize::default(), None, None);
    bad(Resize::default(), Some(&[1.0, 1.0]), Some(&[2, 2]));
    bad(Resize::default(), Some(&[1.0]), None);
    bad(Resize::default(), Some(&[0.0, 1.0]), None);
    bad(Resize::default(), Some(&[f32::NAN, 1e30]), None);
    bad(Resize::default(), None, Some(&[-1, 2]));
    bad(Resize::default(), None, Some(&[1 << 30, 1 << 30, 1]));
    bad(Resize { axes: Some(vec![5]), ..Resize::default() }, None, Some(&[2]));
    let mode = CoordinateTransformationMode::TfCropAndResize;
    bad(Resize { coordinate_transformation_mode: mode, ..Resize::default() }, None, Some(&[2, 2]));
    let op = Resize { mode: ResizeMode::Linear, antialias: true, ..Resize::default() };
    bad(op, Some(&[1e-30, 1.0]), None);
    let linear = Resize { mode: ResizeMode::Linear, ..Resize::default() };
    assert!(resize(linear, Tensor::vector(vec![1i32]), None, None, Some(&[2])).is_err());
    assert!(resize(Resize::default(), counting([0]), None, None, Some(&[2])).is_err());
}
