"""The grid of `one_op.py`: convolutions and matrix products, and pairs of ops around convolutions."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from one_op_model import Node, Operand, Quant
from one_op_random import I8, RANDOM, U8, clamp, integers, near, quant, weights, zero_point

CONVOLUTIONS = [
    # batch, channels, spatial, outputs, kernel, groups, strides, pads, dilations
    (1, 3, (33, 31), 8, (3, 3), 1, (1, 1), (1, 1, 1, 1), (1, 1)),
    (2, 16, (19, 17), 24, (1, 1), 1, (1, 1), (0, 0, 0, 0), (1, 1)),
    (1, 16, (20, 20), 32, (3, 3), 1, (2, 2), (0, 1, 2, 3), (1, 1)),
    (1, 4, (24, 23), 16, (5, 3), 1, (1, 2), (2, 0, 1, 1), (1, 2)),
    (1, 5, (25, 25), 17, (3, 3), 1, (1, 1), (1, 1, 1, 1), (2, 2)),
    (1, 8, (23, 21), 20, (2, 2), 2, (1, 1), (0, 0, 1, 1), (1, 1)),
    (1, 6, (23, 21), 9, (3, 3), 3, (2, 1), (1, 1, 1, 1), (1, 1)),
    (1, 32, (28, 28), 32, (3, 3), 32, (1, 1), (1, 1, 1, 1), (1, 1)),
    (1, 24, (28, 27), 24, (3, 3), 24, (2, 2), (0, 0, 1, 1), (1, 1)),
    (2, 5, (28, 28), 5, (5, 5), 5, (1, 1), (2, 2, 2, 2), (1, 1)),
    (1, 16, (21, 21), 32, (3, 3), 16, (1, 1), (1, 1, 1, 1), (1, 1)),
    (1, 1, (40, 40), 1, (3, 3), 1, (1, 1), (0, 0, 0, 0), (1, 1)),
    (1, 1, (30, 30), 7, (4, 4), 1, (1, 1), (0, 0, 0, 0), (1, 1)),
    (3, 7, (200,), 11, (5,), 1, (1,), (2, 1), (1,)),
    (1, 16, (150,), 16, (3,), 16, (1,), (1, 1), (1,)),
    (1, 12, (150,), 16, (3,), 2, (2,), (0, 2), (3,)),
    (1, 3, (9, 10, 11), 6, (3, 2, 3), 1, (1, 1, 2), (1, 0, 1, 1, 1, 1), (1, 1, 1)),
    (1, 4, (6, 7, 8), 16, (1, 3, 3), 1, (1, 1, 1), (0, 1, 1, 0, 1, 1), (1, 1, 1)),
    (1, 3, (64, 64), 16, (3, 3), 1, (2, 2), (0, 0, 1, 1), (1, 1)),
    (1, 64, (7, 7), 72, (1, 1), 1, (1, 1), (0, 0, 0, 0), (1, 1)),
    (1, 65, (1, 1), 33, (1, 1), 1, (1, 1), (0, 0, 0, 0), (1, 1)),
]


def convolutions() -> Iterator[Node]:
    for dtypes, per_channel, limit, dynamic in [
            ((U8, I8), True, None, False), ((U8, I8), False, 64, False), ((U8, U8), False, None, False),
            ((I8, I8), True, None, False), ((U8, I8), False, None, True)]:
        for batch, channels, spatial, outputs, kernel, groups, strides, pads, dilations in CONVOLUTIONS:
            x = Operand(integers(dtypes[0], batch, channels, *spatial), quant(dtypes[0]))
            dims = (outputs, channels // groups, *kernel)
            w = weights(dtypes[1], dims, 0, per_channel, limit)
            w = Operand(w.array, w.quant, not dynamic)
            bias = np.round(RANDOM.normal(0, 3000, outputs)).astype(np.int32)
            operands: list[Any] = [x, w]
            if RANDOM.integers(4):
                product = np.float32(x.quant.scale * w.quant.scale)
                operands.append(Operand(bias, Quant.of(np.int32, product, 0, 0 if per_channel else None), True))
            y = clamp(near(float(x.quant.scale), float(np.mean(w.quant.scale)), steps=60 * np.sqrt(np.prod(dims[1:]))))
            saturates = dtypes == (U8, I8) and limit is None and (groups != channels or outputs != channels)
            attrs = {"strides": list(strides), "pads": list(pads), "dilations": list(dilations), "group": groups}
            yield Node("conv", "Conv", operands, quant(dtypes[0], y), attrs,
                       form="qop" if I8 == dtypes[0] or dynamic else "qdq", kernel="QLinearConv", may_saturate=saturates)
    for channels, spatial, outputs, kernel, groups, pads in [
            (3, (20, 21), 5, (3, 3), 1, (1, 1, 1, 1)), (6, (15, 15), 6, (3, 3), 6, (0, 0, 0, 0)), (4, (60,), 8, (3,), 2, (1, 0))]:
        x = Operand(integers(U8, 1, channels, *spatial), Quant.of(U8, 0.02, zero_point(U8)))
        w = Operand(integers(U8, outputs, channels // groups, *kernel), Quant.of(U8, 0.5, zero_point(U8)), True)
        attrs = {"pads": list(pads), "group": groups}
        yield Node("conv", "ConvInteger", [x, w], None, attrs, form="qop", kernel="ConvInteger", dtype=np.int32)


PRODUCTS = [((7, 65), (65, 33)), ((128, 96), (96, 48)), ((1, 64), (64, 40)), ((1, 37), (37, 5)), ((3, 1), (1, 9)),
            ((2, 3, 16, 24), (24, 31)), ((2, 3, 17, 20), (2, 3, 20, 15)), ((4, 9, 8), (1, 8, 70)), ((5, 12, 30), (3, 1, 30, 11)),
            ((64,), (64, 17)), ((9, 30), (30,)), ((300, 4), (4, 100))]


def products() -> Iterator[Node]:
    for a_dims, b_dims in PRODUCTS:
        for a_dtype, b_dtype, constant, per_channel, limit in [
                (U8, I8, True, False, None), (U8, I8, True, True, 64), (U8, U8, False, False, None), (I8, I8, True, True, None),
                (U8, I8, False, False, None)]:
            per_channel = per_channel and len(b_dims) == 2
            a = Operand(integers(a_dtype, *a_dims), quant(a_dtype))
            b = weights(b_dtype, b_dims, len(b_dims) - 1, per_channel, limit)
            b = Operand(b.array, b.quant, constant)
            mean = float(np.mean(b.quant.scale))
            y = quant(a_dtype, clamp(near(float(a.quant.scale), mean, steps=60 * np.sqrt(a_dims[-1]))))
            saturates = (a_dtype, b_dtype) == (U8, I8) and limit is None
            form = "qop" if a_dtype == I8 else "qdq"
            yield Node("mat_mul", "MatMul", [a, b], y, form=form, kernel="QLinearMatMul", may_saturate=saturates)
            yield Node("mat_mul", "MatMul", [a, b], None, form=form, kernel="MatMulIntegerToFloat", may_saturate=saturates)
            if len(a_dims) == 2 == len(b_dims) and not per_channel:
                yield Node("mat_mul", "MatMulInteger", [a, b], None, form="qop", kernel="MatMulInteger", dtype=np.int32,
                           may_saturate=saturates)


def gemms() -> Iterator[Node]:
    for m, k, n in [(7, 65, 33), (1, 64, 1000), (60, 12, 50), (3, 1, 5), (130, 31, 64), (1, 1280, 10)]:
        for dtypes, limit, per_channel in [((U8, I8), None, True), ((U8, I8), 64, False), ((U8, U8), None, False), ((I8, I8), None, True)]:
            trans_a, trans_b = bool(RANDOM.integers(2)), bool(RANDOM.integers(2))
            alpha = float(np.float32(RANDOM.choice([1.0, 1.0, 0.37, 2.0])))
            a = Operand(integers(dtypes[0], *((k, m) if trans_a else (m, k))), quant(dtypes[0]))
            b = weights(dtypes[1], (n, k) if trans_b else (k, n), 0 if trans_b else 1, per_channel, limit)
            operands: list[Any] = [a, b]
            if alpha == 1.0 and RANDOM.integers(3):
                bias = np.round(RANDOM.normal(0, 3000, n)).astype(np.int32)
                product = np.float32(a.quant.scale * b.quant.scale)
                operands.append(Operand(bias, Quant.of(np.int32, product, 0, 0 if per_channel else None), True))
            saturates = dtypes == (U8, I8) and limit is None
            attrs = {"alpha": alpha, "trans_a": trans_a, "trans_b": trans_b}
            y = quant(dtypes[0], clamp(near(alpha, float(a.quant.scale), float(np.mean(b.quant.scale)), steps=60 * np.sqrt(k))))
            for output in (y, None):
                form = "qop" if dtypes[0] == I8 else "qdq"
                onnx_attrs = {"alpha": alpha, "transA": int(trans_a), "transB": int(trans_b)}
                yield Node("gemm", "Gemm", operands, output, attrs, onnx_attrs, form, "QGemm", may_saturate=saturates)


def convolution(x: Any, channels: int, outputs: int, kernel: int, groups: int, step: float) -> Node:
    """u8 in and out, padded to keep the size; weights of 7 bits."""
    w = weights(U8 if RANDOM.integers(3) == 0 else I8, (outputs, channels // groups, kernel, kernel), 0, False, 64)
    w = replace(w, quant=replace(w.quant, scale=np.float32(0.01)))
    attrs = {"pads": [kernel // 2] * 4, "group": groups}
    return Node("conv", "Conv", [x, w], quant(U8, step), attrs, kernel="QLinearConv")


def pairs() -> Iterator[Node]:
    """Two and three ops, in NHWC inside onnxruntime: residuals, poolings after convolutions, joins."""
    for channels, size in [(16, 24), (12, 19), (5, 17), (32, 14)] * 3:
        x = Operand(integers(U8, 2, channels, size, size), Quant.of(U8, 0.02, zero_point(U8)))
        conv = convolution(x, channels, 16, 3, 1, 0.4)
        point = convolution(x, channels, 16, 1, 1, 0.3)
        depth = convolution(x, channels, channels, 3, channels, 0.05)
        for op, onnx_op, steps in (("add", "Add", 0.6), ("mul", "Mul", 40.0)):
            yield Node(op, onnx_op, [conv, point], quant(U8, steps), kernel=f"QLinear{onnx_op}")
        yield convolution(depth, channels, 24, 1, 1, 0.3)
        yield Node("concat", "Concat", [conv, point], quant(U8, 0.5), {"axis": 1}, kernel="QLinearConcat")
        pool = {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}
        yield Node("max_pool", "MaxPool", [conv], conv.output, pool)
        yield Node("average_pool", "AveragePool", [conv], quant(U8, 0.35), pool, kernel="QLinearAveragePool")
        yield Node("global_average_pool", "GlobalAveragePool", [conv], quant(U8, 0.1), kernel="QLinearGlobalAveragePool")
        yield Node("sigmoid", "Sigmoid", [conv], quant(U8, 1 / 256), kernel="QLinearSigmoid")
