"""The grid of `one_op.py`: element by element, pooling, tables, choices, movers and bridges."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from one_op_model import Node, Operand, Quant
from one_op_random import BYTES, RANDOM, clamp, integers, ints, near, quant, scale, zero_point

def either_form() -> str:
    return "qop" if RANDOM.integers(2) else "qdq"


def all_pairs(dtype: Any) -> tuple[np.ndarray, np.ndarray]:
    every = np.arange(np.iinfo(dtype).min, np.iinfo(dtype).max + 1, dtype=dtype)
    return np.repeat(every, 256).reshape(1, -1), np.tile(every, 256).reshape(1, -1)


BROADCASTS = [((2, 8, 13, 11), (2, 8, 13, 11)), ((1, 7), (1, 7)), ((2, 16, 9, 9), (1, 16, 1, 1)),
              ((1, 16, 1, 1), (2, 16, 9, 9)), ((2, 3, 40), (40,)), ((40,), (2, 3, 40)), ((2, 9, 33), ()),
              ((), (2, 9, 33)), ((5, 1, 6), (4, 1)), ((1,), (1,)), ((4, 1), (1,)), ((3, 1), (1, 300)),
              ((1, 31, 1), (64, 1, 1)), ((17, 1, 1), (1,)), ((3, 4, 1), (3, 1, 1))]


def binaries() -> Iterator[Node]:
    for op, onnx_op in (("add", "Add"), ("mul", "Mul")):
        for dtype in BYTES:
            for round_idx in range(28):
                a, b = all_pairs(dtype)
                yield binary(op, onnx_op, dtype, a, b, "qop" if round_idx % 2 else "qdq")
                scalar = integers(dtype, 1)
                every = np.arange(np.iinfo(dtype).min, np.iinfo(dtype).max + 1, dtype=dtype).reshape(1, 1, 256)
                first, second = (every, scalar.reshape(())) if round_idx % 2 else (scalar, np.tile(every, (1, 3, 1)))
                yield binary(op, onnx_op, dtype, first, second, "qop")
            for a_dims, b_dims in BROADCASTS:
                yield binary(op, onnx_op, dtype, integers(dtype, *a_dims), integers(dtype, *b_dims), either_form())


def binary(op: str, onnx_op: str, dtype: Any, a: np.ndarray, b: np.ndarray, form: str) -> Node:
    first, second = quant(dtype), quant(dtype)
    scales = (float(first.scale), float(second.scale))
    steps = near(max(scales), steps=1) if op == "add" else near(*scales, steps=128)
    steps *= float(RANDOM.choice([1] * 12 + [1e-12]))  # now and then too fine for 32 bits
    return Node(op, onnx_op, [Operand(a, first), Operand(b, second, bool(RANDOM.integers(2)) and b.ndim > 0)],
                quant(dtype, clamp(steps)), form=form, kernel=f"QLinear{onnx_op}")


POOLS = [((2, 6, 24, 25), (3, 3), (2, 2), (0, 0, 0, 0)), ((1, 8, 28, 28), (2, 2), (2, 2), (0, 0, 0, 0)),
         ((1, 3, 17, 19), (3, 3), (1, 1), (1, 1, 1, 1)), ((1, 5, 15, 16), (5, 3), (1, 2), (2, 0, 1, 2)),
         ((2, 16, 7, 7), (7, 7), (1, 1), (0, 0, 0, 0)), ((1, 4, 100), (4,), (3,), (1, 2)),
         ((1, 3, 8, 9, 10), (2, 3, 2), (1, 2, 2), (0, 1, 0, 1, 1, 1)), ((1, 32, 14, 14), (3, 3), (1, 1), (1, 1, 1, 1))]


def average_pools() -> Iterator[Node]:
    for dtype in BYTES:
        for dims, kernel, strides, pads in POOLS * 3:
            x = Operand(integers(dtype, *dims), quant(dtype))
            attrs: dict[str, Any] = {"kernel_shape": list(kernel), "strides": list(strides), "pads": list(pads)}
            attrs["count_include_pad"] = bool(RANDOM.integers(2))
            y = quant(dtype, clamp(near(float(x.quant.scale), steps=float(RANDOM.choice([1, 0.5])))))
            onnx_attrs = {**attrs, "count_include_pad": int(attrs["count_include_pad"])}
            yield Node("average_pool", "AveragePool", [x], y, attrs, onnx_attrs, kernel="QLinearAveragePool")


def global_pools() -> Iterator[Node]:
    for dtype in BYTES:
        for dims in [(2, 35, 7, 7), (1, 1, 30, 31), (3, 300, 4, 4), (1, 1280, 7, 7), (2, 40, 50), (1, 17, 3, 4, 5), (5, 9, 1, 1)] * 2:
            x = Operand(integers(dtype, *dims), quant(dtype))
            ratio = np.float32(RANDOM.choice([1, 1 / 8, 0.73, 1 / 64]))  # onnxruntime refuses less than 1 / 256
            y = quant(dtype, float(x.quant.scale * ratio))
            yield Node("global_average_pool", "GlobalAveragePool", [x], y, kernel="QLinearGlobalAveragePool")


def tables() -> Iterator[Node]:
    for dtype in BYTES:
        every = np.arange(np.iinfo(dtype).min, np.iinfo(dtype).max + 1, dtype=dtype).reshape(1, 256)
        for _ in range(60):
            x = Operand(every, Quant.of(dtype, np.float32(10 ** RANDOM.uniform(-3, 0)), zero_point(dtype)))
            y = quant(dtype, float(np.float32(RANDOM.choice([1 / 256, 1 / 255, 0.0043, 1e-3]))))
            yield Node("sigmoid", "Sigmoid", [x], y, kernel="QLinearSigmoid")
            x = Operand(every, quant(dtype))
            y = quant(dtype, clamp(near(float(x.quant.scale), steps=1)))
            alpha = float(np.float32(RANDOM.choice([0.1, 0.01, 0.3, 1.7])))
            yield Node("leaky_relu", "LeakyRelu", [x], y, {"alpha": alpha}, kernel="QLinearLeakyRelu")
            yield Node("relu", "Relu", [x], y)
            bounds = [Operand(np.float32(v * x.quant.scale), None, True) for v in (-20, 60.3)]
            yield Node("clip", "Clip", [x, *bounds], y)


SOFTMAXES = [((64, 10), -1), ((3, 4, 128), -1), ((2, 21, 30), 1), ((40, 257), 1), ((5, 1000), -1), ((1, 3, 5, 7), 2), ((9, 1), 1)]
CONCATENATIONS = [([(1, 5, 40), (1, 3, 40)], 1), ([(2, 3, 9, 9), (2, 4, 9, 9), (2, 1, 9, 9)], 1), ([(30, 7), (30, 50)], -1),
                  ([(9, 4), (1, 4)], 0)]


def softmaxes() -> Iterator[Node]:
    for dtype in BYTES:
        for dims, axis in SOFTMAXES * 3:
            x = Operand(integers(dtype, *dims), Quant.of(dtype, np.float32(10 ** RANDOM.uniform(-2.5, 0)), zero_point(dtype)))
            zero = int(RANDOM.choice([np.iinfo(dtype).min, 0, zero_point(dtype)]))
            y = Quant.of(dtype, np.float32(RANDOM.choice([1 / 256, 1 / 255, 0.0041, 0.02])), zero)
            yield Node("softmax", "Softmax", [x], y, {"axis": axis}, kernel="QLinearSoftmax")


def choices() -> Iterator[Node]:
    for dtype in BYTES:
        for dims, axis in CONCATENATIONS * 3:
            y = quant(dtype)
            operands = [Operand(integers(dtype, *d), quant(dtype, clamp(near(float(y.scale))))) for d in dims]
            if RANDOM.integers(2):
                operands[0] = Operand(operands[0].array, y)
            yield Node("concat", "Concat", operands, y, {"axis": axis}, kernel="QLinearConcat", form=either_form())
        for a, b, c in [((4, 50), (4, 50), (4, 50)), ((4, 1), (50,), (4, 50)), ((3, 4, 50), (1,), (4, 50)), ((4, 50), (1,), (1,))] * 3:
            y = quant(dtype)
            operands = [Operand(RANDOM.integers(0, 2, a).astype(bool))]
            operands += [Operand(integers(dtype, *d), quant(dtype, clamp(near(float(y.scale))))) for d in (b, c)]
            yield Node("where", "Where", operands, y, kernel="QLinearWhere", form=either_form())


def movers() -> Iterator[Node]:
    image, matrix = (2, 6, 20, 22), (30, 40)
    none = None
    wide = [  # op, ONNX op, dims, further inputs, attributes
        ("transpose", "Transpose", image, [], {"perm": [0, 2, 3, 1]}), ("reshape", "Reshape", image, [ints(2, -1)], {}),
        ("flatten", "Flatten", image, [], {"axis": 2}), ("unsqueeze", "Unsqueeze", matrix, [ints(0, 2)], {}),
        ("squeeze", "Squeeze", (1, 30, 1, 9), [ints(0, 2)], {}),
        ("slice", "Slice", image, [ints(1, 2), ints(5, 20), ints(1, 3), ints(2, 3)], {}),
        ("gather", "Gather", matrix, [ints(3, 0, -1, 7)], {"axis": 1}), ("expand", "Expand", (30, 1), [ints(30, 40)], {}),
        ("gather_elements", "GatherElements", (4, 3), [Operand(np.array([[1, 2, 0], [2, 0, 0]], np.int64), none, True)], {"axis": 0}),
        ("tile", "Tile", matrix, [ints(2, 3)], {}), ("split", "Split", matrix, [ints(40)], {"axis": 1}),
        ("identity", "Identity", matrix, [], {})]
    narrow = [
        ("max_pool", "MaxPool", image, [], {"kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 1, 1]}),
        ("max_pool", "MaxPool", (1, 5, 60), [], {"kernel_shape": [3]}),
        ("reduce_max", "ReduceMax", image, [ints(2, 3)], {"keepdims": True}),
        ("reduce_min", "ReduceMin", matrix, [ints(1)], {"keepdims": False}),
        ("resize", "Resize", image, [none, Operand(np.array([1, 1, 2, 2], np.float32), none, True)],
         {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}),
        ("resize", "Resize", image, [none, Operand(np.array([1, 1, 1.5, 0.7], np.float32), none, True)], {"mode": "nearest"})]
    for dtypes, ops in ((BYTES + (np.dtype(np.uint16), np.dtype(np.int16)), wide), (BYTES, narrow)):
        for dtype in dtypes:
            for op, onnx_op, dims, further, attrs in ops:
                params = quant(dtype)
                onnx_attrs = {name: int(value) if isinstance(value, bool) else value for name, value in attrs.items()}
                yield Node(op, onnx_op, [Operand(integers(dtype, *dims), params), *further], params, attrs, onnx_attrs)
    for dtype in BYTES:
        yield Node("arg_max", "ArgMax", [Operand(integers(dtype, 30, 40), quant(dtype))], None, {"axis": 1}, dtype=np.int64)


def bridges() -> Iterator[Node]:
    for dtype in (*BYTES, np.dtype(np.uint16), np.dtype(np.int16)):
        for _ in range(6):
            y = quant(dtype)
            x = (RANDOM.normal(0, 100, (1, 20011)) * y.scale).astype(np.float32)
            x[0, :4000] = np.arange(-2000, 2000).astype(np.float32) * y.scale / 2
            x[0, -3:] = [np.inf, -np.inf, 3e38]
            yield Node("quantize", "QuantizeLinear", [Operand(x)], y, form="quantize")
            q = Operand(integers(dtype, 3, 4000), y)
            yield Node("dequantize", "DequantizeLinear", [q], None, form="dequantize")
        y = Quant.of(dtype, (10 ** RANDOM.uniform(-3, 0, 7)).astype(np.float32), zero_point(dtype), 1)
        yield Node("dequantize", "DequantizeLinear", [Operand(integers(dtype, 3, 7, 500), y)], None, form="dequantize")
    for _ in range(12):
        x = (RANDOM.normal(RANDOM.uniform(-2, 2), 1, (6, 2570)) * scale()).astype(np.float32)
        yield Node("dynamic_quantize_linear", "DynamicQuantizeLinear", [Operand(x)], None, form="dynamic", dtype=np.uint8)
