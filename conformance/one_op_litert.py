"""Integer ops of TFLite over a grid of shapes, scales and zero points, live in LiteRT and through its three profiles.

A model holds many independent operators of one family, each with an input and an output of its own. Names of families as
arguments run these only. Not one integer may differ.
"""

import sys
from collections.abc import Callable

import numpy as np

import integers_litert
from checks import Checks
from places import WORK
from tflite_models import TYPES, Builder, Quant

N_FEEDS = 4
LEAST_OUTPUTS = 5_000_000
Random = np.random.Generator
ACTIVATIONS = (0, 1, 3)  # none, relu, relu6
RANGES = {"i8": (-128, 127), "u8": (0, 255), "i16": (-32768, 32767)}


def scale(random: Random, least: float = -3.0, most: float = 0.5) -> float:
    return float(10.0 ** random.uniform(least, most))


def quant(random: Random, kind: str = "i8", of: float | None = None) -> Quant:
    low, high = RANGES[kind]
    zero_point = 0 if kind == "i16" else int(random.choice([low, high, random.integers(low, high + 1)]))
    return Quant.one(scale(random) if of is None else of, zero_point)


def weights(random: Random, shape: tuple[int, ...], axis: int, per_axis: bool) -> tuple[np.ndarray, Quant]:
    n = shape[axis] if per_axis else 1
    scales = [float(np.float32(scale(random, -3, -1))) for _ in range(n)]
    return random.integers(-127, 128, shape), Quant(scales, [0] * n, axis)


def product_output(random: Random, depth: int, x: Quant, w: Quant, kind: str, wide: float = 74.0) -> Quant:
    """Parameters under which most outputs do not saturate."""
    steps = {"i8": 74.0, "i16": 18000.0}[kind] * wide * np.sqrt(depth)
    of = steps * x.scale[0] * float(np.mean(w.scale)) / {"i8": 50, "i16": 12000}[kind]
    return quant(random, kind, of * float(10 ** random.uniform(-0.5, 0.5)))


def bias(random: Random, builder: Builder, kind: str, n: int, x: Quant, w: Quant) -> int:
    scales = [float(np.float32(np.float32(x.scale[0]) * np.float32(s))) for s in w.scale]
    wide = kind == "i16"
    size = 30000 if not wide else 3_000_000
    return builder.constant("i64" if wide else "i32", random.integers(-size, size, n), Quant(scales, [0] * len(scales)))


def conv(random: Random, builder: Builder, kind: str = "i8") -> None:
    size, channels, outputs = int(random.integers(5, 20)), int(random.integers(1, 20)), int(random.integers(1, 24))
    kernel, stride, dilation = int(random.choice([1, 1, 3, 5])), int(random.choice([1, 2])), int(random.choice([1, 1, 2]))
    dilation = 1 if stride > 1 else dilation
    x = quant(random, kind)
    data, w = weights(random, (outputs, kernel, kernel, channels), 0, bool(random.integers(0, 4)))
    padding = int(random.integers(0, 2))
    span = (kernel - 1) * dilation + 1
    size = max(size, span)
    out = -(-size // stride) if padding == 0 else (size - span) // stride + 1
    inputs = [builder.input(kind, (1, size, size, channels), x), builder.constant("i8", data, w),
              bias(random, builder, kind, outputs, x, w)]
    y = builder.tensor(kind, (1, out, out, outputs), product_output(random, kernel * kernel * channels, x, w, kind))
    builder.operator("CONV_2D", inputs, y, 3, "Conv2DOptions", padding=padding, strideH=stride, strideW=stride,
                     dilationHFactor=dilation, dilationWFactor=dilation,
                     fusedActivationFunction=int(random.choice(ACTIVATIONS)))


def depthwise(random: Random, builder: Builder, kind: str = "i8") -> None:
    size, channels, multiplier = int(random.integers(5, 24)), int(random.integers(2, 24)), int(random.choice([1, 1, 2]))
    kernel, stride = int(random.choice([1, 3, 3, 5])), int(random.choice([1, 2]))
    x = quant(random, kind)
    data, w = weights(random, (1, kernel, kernel, channels * multiplier), 3, bool(random.integers(0, 4)))
    padding = int(random.integers(0, 2))
    out = -(-size // stride) if padding == 0 else (size - kernel) // stride + 1
    inputs = [builder.input(kind, (1, size, size, channels), x), builder.constant("i8", data, w),
              bias(random, builder, kind, channels * multiplier, x, w)]
    y = builder.tensor(kind, (1, out, out, channels * multiplier), product_output(random, kernel * kernel, x, w, kind))
    builder.operator("DEPTHWISE_CONV_2D", inputs, y, 3, "DepthwiseConv2DOptions", padding=padding, strideH=stride, strideW=stride,
                     dilationHFactor=1, dilationWFactor=1, depthMultiplier=multiplier,
                     fusedActivationFunction=int(random.choice(ACTIVATIONS)))


def transposed(random: Random, builder: Builder, kind: str = "i8") -> None:
    size, channels, outputs = int(random.integers(2, 10)), int(random.integers(1, 12)), int(random.integers(1, 36))
    kernel, stride, padding = int(random.choice([2, 3, 4])), int(random.choice([1, 2])), int(random.integers(0, 2))
    x = quant(random, kind)
    data, w = weights(random, (outputs, kernel, kernel, channels), 0, bool(random.integers(0, 4)))
    kernel_or_stride = max(kernel, stride)
    out = size * stride if padding == 0 else (size - 1) * stride + kernel_or_stride
    inputs = [builder.constant("i32", np.array([1, out, out, outputs])), builder.constant("i8", data, w),
              builder.input(kind, (1, size, size, channels), x), bias(random, builder, kind, outputs, x, w)]
    y = builder.tensor(kind, (1, out, out, outputs), product_output(random, kernel * channels, x, w, kind))
    builder.operator("TRANSPOSE_CONV", inputs, y, 3, "TransposeConvOptions", padding=padding, strideH=stride, strideW=stride)


def fully_connected(random: Random, builder: Builder, kind: str = "i8") -> None:
    rows, depth, outputs = int(random.integers(1, 40)), int(random.integers(1, 200)), int(random.integers(1, 100))
    x = quant(random, kind)
    data, w = weights(random, (outputs, depth), 0, bool(random.integers(0, 2)))
    inputs = [builder.input(kind, (rows, depth), x), builder.constant("i8", data, w)]
    if random.integers(0, 3):
        inputs.append(bias(random, builder, kind, outputs, x, w))
    y = builder.tensor(kind, (rows, outputs), product_output(random, depth, x, w, kind))
    # As TFLiteConverter and `qdq` write it.
    wide = {"quantizedBiasType": TYPES["i64"][0]} if kind == "i16" else {}
    builder.operator("FULLY_CONNECTED", inputs, y, 4, "FullyConnectedOptions", fusedActivationFunction=int(random.choice(ACTIVATIONS)),
                     **wide)


def batch_mat_mul(random: Random, builder: Builder, kind: str = "i8") -> None:
    rows, depth, columns = (int(n) for n in random.integers(1, 40, 3))
    batches = [((2, 3), (2, 3)), ((3,), (3,)), ((2, 1), (1, 3)), ((), ()), ((4,), ())]
    a_batch, b_batch = batches[int(random.integers(0, len(batches)))]
    adjoint = [bool(random.integers(0, 4) == 0) for _ in range(2)]
    x, y = quant(random, kind), quant(random, kind)
    a = (*a_batch, *((depth, rows) if adjoint[0] else (rows, depth)))
    b = (*b_batch, *((columns, depth) if adjoint[1] else (depth, columns)))
    inputs = [builder.input(kind, a, x), builder.input(kind, b, y)]
    batch = np.broadcast_shapes(a_batch, b_batch)
    size = {"i8": 74.0, "i16": 18000.0}[kind]
    out = builder.tensor(kind, (*batch, rows, columns), product_output(random, depth, x, y, kind, size))
    builder.operator("BATCH_MATMUL", inputs, out, {"i8": 2, "i16": 3}[kind], "BatchMatMulOptions", adjX=adjoint[0], adjY=adjoint[1])


def binary(name: str, options: str) -> Callable[..., None]:
    def add(random: Random, builder: Builder, kind: str = "i8") -> None:
        shapes = [((1, 9, 11, 8), (1, 9, 11, 8)), ((1, 9, 11, 8), (1, 1, 1, 8)), ((1, 40, 8), (1, 40, 1))]
        a_shape, b_shape = shapes[int(random.integers(0, len(shapes)))]
        a = quant(random, kind)
        b = quant(random, kind, a.scale[0] * float(2 ** random.uniform(-3, 3)))
        if name == "MUL":
            of = a.scale[0] * b.scale[0] * float(2 ** random.uniform(4, 8)) * (1 if kind == "i8" else 256)
        else:
            of = max(a.scale[0], b.scale[0]) * float(2 ** random.uniform(-1, 2))
        inputs = [builder.input(kind, a_shape, a), builder.input(kind, b_shape, b)]
        y = builder.tensor(kind, a_shape, quant(random, kind, of))
        extra = {} if name == "MUL" else {"potScaleInt16": False}
        builder.operator(name, inputs, y, 2, options, fusedActivationFunction=int(random.choice(ACTIVATIONS)), **extra)
    return add


def prelu(random: Random, builder: Builder, kind: str = "i8") -> None:
    size, channels = int(random.integers(1, 12)), int(random.integers(1, 24))
    shape, x = (1, size, size, channels), quant(random, kind)
    slope = quant(random, kind, scale(random, -3, -1))
    data = random.integers(-128, 128, (1, 1, channels) if random.integers(0, 2) else (1, 1, 1))
    inputs = [builder.input(kind, shape, x), builder.constant(kind, data, slope)]
    builder.operator("PRELU", inputs, builder.tensor(kind, shape, quant(random, kind, x.scale[0] * float(2 ** random.uniform(-2, 2)))))


def reduction(name: str) -> Callable[..., None]:
    def add(random: Random, builder: Builder, kind: str = "i8") -> None:
        shape = (1, int(random.integers(2, 12)), int(random.integers(2, 12)), int(random.integers(2, 40)))
        axes = [[1, 2], [1, 2], [3], [1], [2, 3]][int(random.integers(0, 5))]
        # Whether a mean over axes 2 and 3 that keeps them is one over height and width depends on the file's layout.
        keep = bool(random.integers(0, 2)) and axes != [2, 3]
        x = quant(random, kind)
        count = np.prod([shape[axis] for axis in axes])
        of = x.scale[0] * float(2 ** random.uniform(-2, 1)) * (1 if name == "MEAN" else np.sqrt(count))
        out = tuple(1 if i in axes else size for i, size in enumerate(shape) if keep or i not in axes)
        inputs = [builder.input(kind, shape, x), builder.constant("i32", np.array(axes))]
        y = builder.tensor(kind, out, quant(random, kind, of))
        builder.operator(name, inputs, y, 2, "ReducerOptions", keepDims=keep)
    return add


def pool(name: str) -> Callable[..., None]:
    def add(random: Random, builder: Builder, kind: str = "i8") -> None:
        size, channels = int(random.integers(5, 20)), int(random.integers(1, 20))
        kernel, stride, padding = int(random.integers(1, 5)), int(random.integers(1, 3)), int(random.integers(0, 2))
        out = -(-size // stride) if padding == 0 else (size - kernel) // stride + 1
        x = quant(random, kind)
        y = builder.tensor(kind, (1, out, out, channels), x)
        builder.operator(name, [builder.input(kind, (1, size, size, channels), x)], y, 2, "Pool2DOptions", padding=padding,
                         strideH=stride, strideW=stride, filterHeight=kernel, filterWidth=kernel,
                         fusedActivationFunction=int(random.choice(ACTIVATIONS)))
    return add


def unary(name: str, fixed: Quant | None = None, options: str | None = None, version: int = 2) -> Callable[..., None]:
    def add(random: Random, builder: Builder, kind: str = "i8") -> None:
        x = quant(random, kind)
        if kind == "i16" and random.integers(0, 3) == 0:
            x = quant(random, kind, 2.0 ** -int(random.integers(9, 15)))
        same = name.startswith("RELU")
        out = fixed or (x if same else quant(random, kind, x.scale[0] * float(2 ** random.uniform(-2, 2))))
        shape = (1, int(random.integers(500, 1500)))
        extra: dict[str, object] = {}
        if name == "LEAKY_RELU":
            extra["alpha"] = float(random.choice([0.01, 0.1, 0.3, 0.9]))
        elif name == "GELU":
            extra["approximate"] = bool(random.integers(0, 2))
        y = builder.tensor(kind, shape, out)
        builder.operator(name, [builder.input(kind, shape, x)], y, version, options, **extra)
    return add


def softmax(random: Random, builder: Builder, kind: str = "i8") -> None:
    shape = (int(random.integers(1, 60)), int(random.integers(2, 60)))
    # Steps of at least 0.01, as of trained models: the reference kernel aborts on many nearly equal numbers.
    x = quant(random, kind, float(10 ** random.uniform(-2, 0)) / (1 if kind == "i8" else 256))
    out = Quant.one(1 / 256, -128) if kind == "i8" else Quant.one(1 / 32768)
    y = builder.tensor(kind, shape, out)
    builder.operator("SOFTMAX", [builder.input(kind, shape, x)], y, 3 if kind == "i16" else 2, "SoftmaxOptions", beta=1.0)


def requantize(random: Random, builder: Builder, kind: str = "i8") -> None:
    kinds = [("i8", "i8"), ("u8", "i8"), ("i8", "u8"), ("i16", "i8"), ("i8", "i16"), ("i16", "i16")]
    source, target = kinds[int(random.integers(0, len(kinds)))]
    wide = RANGES[source][1] // 127 / (RANGES[target][1] // 127)
    x = quant(random, source)
    y_quant = quant(random, target, x.scale[0] * wide * float(2 ** random.uniform(-3, 3)))
    shape = (1, int(random.integers(500, 1500)))
    y = builder.tensor(target, shape, y_quant)
    builder.operator("QUANTIZE", [builder.input(source, shape, x)], y, 2, "QuantizeOptions")


def from_floats(random: Random, builder: Builder, kind: str = "i8") -> None:
    shape = (1, int(random.integers(1, 500)))
    y = builder.tensor(kind, shape, quant(random, kind, scale(random, -2.5, -1.5) / {"i8": 1, "u8": 1, "i16": 256}[kind]))
    builder.operator("QUANTIZE", [builder.input("f32", shape)], y, 2 if kind == "i16" else 1, "QuantizeOptions")


def to_floats(random: Random, builder: Builder, kind: str = "i8") -> None:
    shape = (1, int(random.integers(1, 500)))
    builder.operator("DEQUANTIZE", [builder.input(kind, shape, quant(random, kind))], builder.tensor("f32", shape), 3)


def pad(random: Random, builder: Builder, kind: str = "i8") -> None:
    x, before, after = quant(random, kind), int(random.integers(0, 3)), int(random.integers(0, 3))
    shape, out = (1, 7, 9, 5), (1, 7 + before + after, 9 + after, 5)
    amounts = builder.constant("i32", np.array([[0, 0], [before, after], [0, after], [0, 0]]))
    y = builder.tensor(kind, out, x)
    builder.operator("PAD", [builder.input(kind, shape, x), amounts], y, 2, "PadOptions")


def concat(random: Random, builder: Builder, kind: str = "i8") -> None:
    x = quant(random, kind)
    inputs = [builder.input(kind, (1, 6, 6, 5), x), builder.input(kind, (1, 6, 6, 7), x)]
    y = builder.tensor(kind, (1, 6, 6, 12), x)
    builder.operator("CONCATENATION", inputs, y, 2, "ConcatenationOptions", axis=3)


def extreme(name: str) -> Callable[..., None]:
    def add(random: Random, builder: Builder, kind: str = "i8") -> None:
        x = quant(random, kind)
        inputs = [builder.input(kind, (1, 6, 6, 5), x), builder.input(kind, (1, 6, 6, 5), x)]
        builder.operator(name, inputs, builder.tensor(kind, (1, 6, 6, 5), x), 2, "MaximumMinimumOptions")
    return add


def resize(random: Random, builder: Builder, kind: str = "i8") -> None:
    x = quant(random, kind)
    height, width = int(random.integers(2, 12)), int(random.integers(2, 12))
    sizes = [int(random.integers(2, 30)), int(random.integers(2, 30))]
    mode = int(random.integers(0, 3))
    inputs = [builder.input(kind, (1, height, width, 5), x), builder.constant("i32", np.array(sizes))]
    y = builder.tensor(kind, (1, *sizes, 5), x)
    builder.operator("RESIZE_BILINEAR", inputs, y, 2, "ResizeBilinearOptions", alignCorners=mode == 1, halfPixelCenters=mode == 2)


def lstm(random: Random, builder: Builder, kind: str = "i8") -> None:
    steps, depth, hidden = int(random.integers(1, 9)), int(random.integers(1, 20)), int(random.integers(1, 17))
    batch, time_major = int(random.integers(1, 4)), bool(random.integers(0, 2))
    order = (steps, batch) if time_major else (batch, steps)
    x = quant(random, kind, float(10.0 ** random.uniform(-3, -1)))
    state = quant(random, kind, float(10.0 ** random.uniform(-2.7, -2)))
    cell = Quant.one(2.0 ** -int(random.integers(9, 16)))

    def gates(of: int) -> list[tuple[np.ndarray, Quant]]:
        return [weights(random, (hidden, of), 0, per_axis=False) for _ in range(4)]

    inputs = [-1] * 24
    inputs[0] = builder.input(kind, (*order, depth), x)
    for first, own in ((1, gates(depth)), (5, gates(hidden))):
        for gate, (data, w) in enumerate(own):
            inputs[first + gate] = builder.constant("i8", data, w)
            if first == 1:
                inputs[12 + gate] = bias(random, builder, kind, hidden, x, w)
    inputs[18], inputs[19] = builder.variable(kind, (batch, hidden), state), builder.variable("i16", (batch, hidden), cell)
    inner = [builder.tensor("f32", (0,)) for _ in range(4)] + [builder.tensor(kind, (0,), state)]
    y = builder.tensor(kind, (*order, hidden), state)
    clip = float(random.choice([0.0, 0.0, 0.5, 10.0]))
    builder.operator("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, y, 1, "UnidirectionalSequenceLSTMOptions", inner,
                     fusedActivationFunction=4, cellClip=clip, timeMajor=time_major)


FIXED = Quant.one(1 / 256, -128)
EVERY = frozenset(integers_litert.PROFILES)
FAMILIES: dict[str, tuple[Callable[..., None], str, int, frozenset[str]]] = {
    # family: maker, kind, operators, profiles
    "conv": (conv, "i8", 200, EVERY),
    "depthwise": (depthwise, "i8", 200, EVERY),
    "transposed": (transposed, "i8", 150, EVERY),
    "fully_connected": (fully_connected, "i8", 200, EVERY),
    "batch_mat_mul": (batch_mat_mul, "i8", 300, EVERY),
    "add": (binary("ADD", "AddOptions"), "i8", 150, EVERY),
    "sub": (binary("SUB", "SubOptions"), "i8", 150, EVERY),
    "mul": (binary("MUL", "MulOptions"), "i8", 150, EVERY),
    "mean": (reduction("MEAN"), "i8", 200, EVERY),
    "sum": (reduction("SUM"), "i8", 200, EVERY - {"litert-reference"}),
    "average_pool": (pool("AVERAGE_POOL_2D"), "i8", 100, EVERY),
    "max_pool": (pool("MAX_POOL_2D"), "i8", 100, EVERY),
    "logistic": (unary("LOGISTIC", FIXED), "i8", 200, EVERY),
    "tanh": (unary("TANH", Quant.one(1 / 128)), "i8", 200, EVERY),
    "relu": (unary("RELU"), "i8", 50, EVERY),
    "relu6": (unary("RELU6"), "i8", 50, EVERY),
    "leaky_relu": (unary("LEAKY_RELU", options="LeakyReluOptions"), "i8", 200, EVERY),
    "hard_swish": (unary("HARD_SWISH", options="HardSwishOptions", version=1), "i8", 100, EVERY),
    "gelu": (unary("GELU", options="GeluOptions"), "i8", 200, EVERY),
    "prelu": (prelu, "i8", 200, EVERY),
    "elu": (unary("ELU", version=1), "i8", 100, EVERY - {"litert-reference"}),
    "exp": (unary("EXP", options="ExpOptions"), "i8", 100, EVERY),
    "softmax": (softmax, "i8", 200, EVERY),
    "requantize": (requantize, "i8", 300, EVERY),
    "from_floats": (from_floats, "i8", 150, EVERY),
    "from_floats to u8": (from_floats, "u8", 100, EVERY),
    "from_floats to 16": (from_floats, "i16", 100, EVERY),
    "to_floats": (to_floats, "i8", 150, EVERY),
    "to_floats of u8": (to_floats, "u8", 100, EVERY),
    "to_floats of 16": (to_floats, "i16", 100, EVERY),
    "pad": (pad, "i8", 50, EVERY),
    "concat": (concat, "i8", 50, EVERY),
    "maximum": (extreme("MAXIMUM"), "i8", 50, EVERY),
    "minimum": (extreme("MINIMUM"), "i8", 50, EVERY),
    "resize": (resize, "i8", 100, EVERY - {"xnnpack"}),
    "lstm": (lstm, "i8", 200, EVERY),
    "conv 16": (conv, "i16", 100, EVERY),
    "depthwise 16": (depthwise, "i16", 100, EVERY),
    "fully_connected 16": (fully_connected, "i16", 100, EVERY),
    "batch_mat_mul 16": (batch_mat_mul, "i16", 150, EVERY),
    "add 16": (binary("ADD", "AddOptions"), "i16", 100, EVERY),
    "mul 16": (binary("MUL", "MulOptions"), "i16", 100, EVERY),
    "mean 16": (reduction("MEAN"), "i16", 150, EVERY),
    "average_pool 16": (pool("AVERAGE_POOL_2D"), "i16", 60, EVERY),
    "logistic 16": (unary("LOGISTIC", Quant.one(1 / 32768), version=3), "i16", 300, EVERY),
    "tanh 16": (unary("TANH", Quant.one(1 / 32768), version=3), "i16", 300, EVERY),
    "softmax 16": (softmax, "i16", 100, EVERY),
}


def family(name: str, checks: Checks) -> int:
    make, kind, count, profiles = FAMILIES[name]
    random = np.random.default_rng(sum(map(ord, name)))
    builder = Builder()
    for _ in range(count):
        make(random, builder, kind)
    folder = WORK / "one_op_litert" / name.replace(" ", "_")
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name.replace(' ', '_')}.tflite"
    builder.write(file)
    return sum(integers_litert.compare(file, profile, checks, N_FEEDS) for profile in sorted(profiles))


def main() -> int:
    checks = Checks()
    names = sys.argv[1:] or list(FAMILIES)
    n_outputs = 0
    for name in names:
        before = [0]
        checks.guard(name, lambda name=name, before=before: before.__setitem__(0, family(name, checks)))
        n_outputs += before[0]
    print(f"{n_outputs} integers compared", flush=True)
    if len(names) == len(FAMILIES):
        checks.check(n_outputs >= LEAST_OUTPUTS, f"only {n_outputs} integers compared")
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())
