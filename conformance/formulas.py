"""Scales, zero points and integers by our formulas and by onnxruntime.quantization's own functions, bit by bit.

Our side is `cargo run --example formulas`, which answers one request a line.
"""

import sys
from types import SimpleNamespace

import numpy as np
from onnx import TensorProto, numpy_helper
from onnxruntime.quantization import quant_utils
from onnxruntime.quantization.base_quantizer import BaseQuantizer

from ask import ask, bits
from checks import Checks

STORAGES = {"i8": TensorProto.INT8, "u8": TensorProto.UINT8, "i16": TensorProto.INT16, "u16": TensorProto.UINT16,
            "i4": TensorProto.INT4, "u4": TensorProto.UINT4}
N_RANGES = 400
N_TENSORS = 60


def ranges(random: np.random.Generator) -> list[tuple[np.float32, np.float32]]:
    """Ends of ranges: special ones, and random ones of all magnitudes and signs."""
    special = [0.0, -0.0, 1.0, -1.0, 6.0, 255.0, 127.5, -127.5, 1e-45, -1e-45, 1e-38, 1.1754944e-38, 3e-36, -3e-36, 1e-30,
               3.4028235e38, -3.4028235e38, 0.1, 2.55, -1.28, 1.27]
    pairs = [(a, b) for a in special for b in special if a <= b]
    for _ in range(N_RANGES):
        ends = random.standard_normal(2) * 10.0 ** random.uniform(-6, 6, 2)
        pairs.append((min(ends), max(ends)))
    return [(np.float32(a), np.float32(b)) for a, b in pairs]


def tensors(random: np.random.Generator) -> list[np.ndarray]:
    found = [np.zeros(3, np.float32), np.array([1e-45, 0], np.float32), np.array([-0.0, 3e38, -3e38], np.float32),
             np.array([0.5, 1.5, 2.5, -0.5, -1.5, 127.0], np.float32)]
    for _ in range(N_TENSORS):
        found.append((random.standard_normal(64) * 10.0 ** random.uniform(-5, 5)).astype(np.float32))
    return found


def affine(checks: Checks, random: np.random.Generator) -> None:
    """`compute_scale_zp`, affine, over the full range of each type."""
    cases = [(name, low, high) for name in STORAGES for low, high in ranges(random)]
    answers = ask([{"op": "affine", "range": bits([low, high]), "storage": name} for name, low, high in cases])
    for (name, low, high), answer in zip(cases, answers, strict=True):
        quant_min, quant_max = quant_utils.get_qmin_qmax_for_qType(STORAGES[name])
        zero_point, scale = quant_utils.compute_scale_zp(np.array(low), np.array(high), quant_min, quant_max)
        expected = {"scale": bits(scale), "zero_point": [int(zero_point)]}
        checks.check(answer == expected, f"affine {name} {low!r} {high!r}: {answer}, onnxruntime {expected}")


def symmetric(checks: Checks, random: np.random.Generator) -> None:
    """Weights: `compute_data_quant_params`, symmetric, and `quantize_nparray`."""
    cases = [(name, values) for name in ("i8", "i16") for values in tensors(random)]
    requests = []
    for name, values in cases:
        limits = [int(x) for x in quant_utils.get_qmin_qmax_for_qType(STORAGES[name], symmetric=True)]
        requests.append({"op": "symmetric", "values": bits(values), "storage": name, "limits": limits})
    for (name, values), answer in zip(cases, ask(requests), strict=True):
        zero_point, scale = quant_utils.compute_data_quant_params(values, STORAGES[name], symmetric=True)
        integers = quant_utils.quantize_nparray(STORAGES[name], values, scale, zero_point)
        expected = {"scale": bits(scale), "zero_point": [int(zero_point)], "integers": integers.astype(int).tolist()}
        checks.check(answer == expected, f"symmetric {name} {values[:4]}: {answer}, onnxruntime {expected}")


def integers(checks: Checks, random: np.random.Generator) -> None:
    """`quantize_nparray` with any scale and zero point."""
    cases = []
    for name, kind in STORAGES.items():
        quant_min, quant_max = (int(x) for x in quant_utils.get_qmin_qmax_for_qType(kind))
        for values in tensors(random):
            scale = np.float32(10.0 ** random.uniform(-5, 2))
            cases.append((name, values, scale, int(random.integers(quant_min, quant_max + 1))))
    answers = ask([{"op": "quantize", "values": bits(values), "storage": name, "scale": bits(scale)[0], "zero_point": zero}
                   for name, values, scale, zero in cases])
    for (name, values, scale, zero), answer in zip(cases, answers, strict=True):
        expected = quant_utils.quantize_nparray(STORAGES[name], values, scale, zero).astype(int).tolist()
        expected = {"integers": expected, "integers_of_weights": expected}
        checks.check(answer == expected, f"quantize {name} {values[:4]} {scale!r} {zero}: {answer}, onnxruntime {expected}")


def bias(checks: Checks, random: np.random.Generator) -> None:
    """`BaseQuantizer.quantize_bias_static_impl`."""
    cases = []
    for values in tensors(random):
        scales = (10.0 ** random.uniform(-4, 0, len(values) if len(cases) % 2 else 1)).astype(np.float32)
        cases.append((values, np.float32(10.0 ** random.uniform(-4, 0)), scales))
    answers = ask([{"op": "bias", "values": bits(values), "input_scale": bits(scale)[0], "weight_scales": bits(scales)}
                   for values, scale, scales in cases])
    for (values, input_scale, scales), answer in zip(cases, answers, strict=True):
        kept: list[TensorProto] = []
        model = SimpleNamespace(initializer=lambda v=values: [numpy_helper.from_array(v, "b")], initializer_extend=kept.extend)
        quantizer = SimpleNamespace(model=model, weight_qType=TensorProto.INT8)
        BaseQuantizer.quantize_bias_static_impl(quantizer, "b", input_scale, scales)
        found = {tensor.name: numpy_helper.to_array(tensor) for tensor in kept}
        integers, scale = found["b_quantized"], found["b_quantized_scale"]
        expected = {"scale": bits(scale), "zero_point": [0] * len(scales), "integers": integers.astype(int).tolist()}
        checks.check(answer == expected, f"bias {values[:4]} {input_scale!r} {scales[:4]}: {answer}, onnxruntime {expected}")


def main() -> int:
    checks = Checks()
    for part in (affine, symmetric, integers, bias):
        before = checks.passed
        checks.guard(part.__name__, lambda part=part: part(checks, np.random.default_rng(5)))
        print(f"{part.__name__}: {checks.passed - before} equal", flush=True)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
