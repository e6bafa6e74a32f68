"""Goldens of torch's observers, fake quantizes and quantize functions: crates/qdq/tests/torch_parity.rs compares with them.

    PYTHON make_torch.py torch PART …    writes torch-VERSION-PART.json.gz    (torch 2.5.1, torch 2.15.0)
    PYTHON make_torch.py torchao PART …  writes torchao-VERSION-PART.json.gz  (torch 2.15.0 with torchao 0.18.0)

PART is observers, histogram, fake_quantize, learnable or quantize (of torch only).

On one thread, since sums depend on the number of threads. Arrays of f32 are written as the hexadecimal digits of their
bits, NaN as 7fc00000; long arrays as the CRC-32 of their bytes and eight of their elements.
"""

import gzip
import json
import sys
import warnings
import zlib
from pathlib import Path

import numpy as np
import torch

import streams

warnings.filterwarnings("ignore")
torch.set_num_threads(1)
F32 = np.float32
SHORT = 24  # elements up to which an array is written whole

TORCH_DTYPES = {"u8": torch.quint8, "i8": torch.qint8, "u4": torch.quint4x2, "i32": torch.qint32, "i16": torch.int16}
TORCHAO_DTYPES = {"u8": torch.uint8, "i8": torch.int8, "i32": torch.int32, "i16": torch.int16}

EPS = float(np.finfo(F32).eps)


def spec(storage, scheme, low=None, high=None, reduce_range=False, eps=EPS):
    bounds = None if low is None else [low, high]
    return {"storage": storage, "scheme": scheme, "range": bounds, "reduce_range": reduce_range, "eps": eps}


def specs(prefix):
    affine, symmetric = prefix + "_affine", prefix + "_symmetric"
    return [
        spec("u8", affine),
        spec("u8", affine, reduce_range=True),
        spec("u8", affine, 0, 127),
        spec("u8", affine, 0, 255, reduce_range=True),
        spec("u8", affine, 0, 15),
        spec("u8", affine, eps=2.0**-12),
        spec("u8", symmetric),
        spec("u8", symmetric, 0, 255),
        spec("u8", symmetric, 0, 127),
        spec("u8", symmetric, reduce_range=True),
        spec("i8", affine),
        spec("i8", affine, reduce_range=True),
        spec("i8", affine, -128, 127, eps=2.0**-12),
        spec("i8", affine, -127, 127, reduce_range=True),
        spec("i8", symmetric),
        spec("i8", symmetric, reduce_range=True),
        spec("i8", symmetric, -127, 127, eps=2.0**-12),
        spec("i8", symmetric, -8, 7),
        spec("u4", affine),
        spec("u4", symmetric),
        spec("i16", affine, -32768, 32767),
        spec("i16", symmetric, -32767, 32767),
        spec("i32", affine),
        spec("i32", symmetric),
        spec("u16", affine, 0, 65535),
        spec("u16", symmetric, 0, 65535),
    ]


FLOAT_QPARAMS = [
    spec("u8", "per_channel_affine_float_qparams"),
    spec("u4", "per_channel_affine_float_qparams"),
    spec("u8", "per_channel_affine_float_qparams", 0, 15),
]


def bits(array):
    """An array of f32 as text: whole, or a hash and eight elements."""
    array = np.ascontiguousarray(array, dtype=F32).reshape(-1).copy()
    array[np.isnan(array)] = np.array([0x7FC00000], np.uint32).view(F32)[0]
    words = array.view(np.uint32)
    if len(words) <= SHORT:
        return "".join(f"{w:08x}" for w in words)
    some = [int(i) for i in np.linspace(0, len(words) - 1, 8).astype(int)]
    return {"hash": digest(words.astype("<u4")), "some": {str(i): f"{words[i]:08x}" for i in some}}


def digest(words):
    return f"{zlib.crc32(np.ascontiguousarray(words).tobytes()):08x}"


def numbers(tensor):
    return tensor.detach().float().numpy()


def qparams(scale, zero_point):
    if zero_point.is_floating_point():
        return {"scale": bits(numbers(scale)), "real_zero_point": bits(numbers(zero_point))}
    return {"scale": bits(numbers(scale)), "zero_point": [int(z) for z in zero_point.reshape(-1)]}


class Api:
    """Classes of torch or of torchao by the names they share."""

    def __init__(self, name):
        self.name = name
        if name == "torch":
            import torch.ao.quantization as q
            from torch.ao.quantization import fake_quantize, observer
            from torch.ao.quantization._learnable_fake_quantize import _LearnableFakeQuantize as learnable

            self.version = torch.__version__.split("+")[0]
            self.dtypes = dict(TORCH_DTYPES)
        else:
            import torchao
            from torchao.quantization.pt2e import fake_quantize, observer
            from torchao.quantization.pt2e.learnable_fake_quantize import LearnableFakeQuantize as learnable

            self.version = torchao.__version__.split("+")[0]
            self.dtypes = dict(TORCHAO_DTYPES)
        if not torch.__version__.startswith("2.5."):
            self.dtypes["u16"] = torch.uint16
        self.observer, self.fake_quantize, self.learnable = observer, fake_quantize, learnable

    def arguments(self, spec, axis=None, **more):
        arguments = dict(more)
        arguments["dtype"] = self.dtypes[spec["storage"]]
        arguments["qscheme"] = getattr(torch, spec["scheme"])
        arguments["reduce_range"] = spec["reduce_range"]
        arguments["eps"] = spec["eps"]
        if spec["range"] is not None:
            arguments["quant_min"], arguments["quant_max"] = spec["range"]
        if axis is not None:
            arguments["ch_axis"] = axis
        return arguments


def case(kind, name, spec, stream, shape, result, **more):
    written = {**spec, "eps": bits(np.array([spec["eps"]]))} if spec else None
    return {"kind": kind, "name": name, "spec": written, "stream": stream, "shape": shape, **more, "result": result}


def observed(make, stream, shape):
    """What an observer made by `make` found of a stream; where it raised, the stage."""
    try:
        observer = make()
    except Exception:
        return {"error": "construct"}
    for batch in streams.batches(stream, shape):
        try:
            observer(torch.from_numpy(batch))
        except Exception:
            return {"error": "observe"}
    result = {"min": bits(numbers(observer.min_val)), "max": bits(numbers(observer.max_val))}
    if hasattr(observer, "histogram"):
        result["histogram"] = bits(numbers(observer.histogram))
    try:
        result.update(qparams(*observer.calculate_qparams()))
    except Exception:
        result["error"] = "calculate"
    return result


def observer_cases(api):
    o = api.observer
    per_tensor = [("MinMaxObserver", {}), ("MovingAverageMinMaxObserver", {"averaging_constant": 0.01})]
    per_tensor += [("MovingAverageMinMaxObserver", {"averaging_constant": 1.0})]
    for name, more in per_tensor:
        for s in specs("per_tensor"):
            if s["storage"] not in api.dtypes:
                continue
            for stream in streams.STREAMS:
                shape = [24, 17]
                make = lambda: getattr(o, name)(**api.arguments(s, **more))
                yield case("observer", name, s, stream, shape, observed(make, stream, shape), **more)
    shapes = [([5, 3, 3, 4], 0), ([2, 4, 19], 1), ([37, 3], 1)]
    per_channel = [("PerChannelMinMaxObserver", {})]
    per_channel += [("MovingAveragePerChannelMinMaxObserver", {"averaging_constant": c}) for c in (0.01, 0.5)]
    for name, more in per_channel:
        for s in specs("per_channel") + FLOAT_QPARAMS:
            if s["storage"] not in api.dtypes:
                continue
            for stream in streams.STREAMS:
                for shape, axis in shapes:
                    make = lambda: getattr(o, name)(**api.arguments(s, axis, **more))
                    yield case("observer", name, s, stream, shape, observed(make, stream, shape), axis=axis, **more)
    yield from passive_cases(api)


def histogram_cases(api):
    """All specs on three streams, four specs on all streams; the search is slow where the error never grows."""
    name = "HistogramObserver"
    all_streams = [spec("u8", "per_tensor_affine"), spec("i8", "per_tensor_symmetric", -127, 127, eps=2.0**-12)]
    for bins in (2048, 61):
        for s in specs("per_tensor"):
            if s["storage"] not in api.dtypes or (bins == 61 and s not in all_streams[:1]):
                continue
            for stream in streams.STREAMS if s in all_streams else ("random", "relu", "growing"):
                shape = [3000]
                make = lambda: api.observer.HistogramObserver(**api.arguments(s, bins=bins))
                yield case("observer", name, s, stream, shape, observed(make, stream, shape), bins=bins)


def passive_cases(api):
    """Observers without a range: what they give, and that the batch passes unchanged."""
    o = api.observer
    u8 = spec("u8", "per_tensor_affine", 0, 255)
    x = streams.batches("random", [24, 17])[0]
    makers = {
        "FixedQParamsObserver": lambda: o.FixedQParamsObserver(scale=1 / 256, zero_point=0, dtype=api.dtypes["u8"]),
        "PlaceholderObserver": lambda: o.PlaceholderObserver(dtype=api.dtypes["u8"]),
        "RecordingObserver": lambda: o.RecordingObserver(dtype=api.dtypes["u8"]),
        "NoopObserver": lambda: o.NoopObserver(),
        "ReuseInputObserver": lambda: o.ReuseInputObserver(),
    }
    for name, make in makers.items():
        observer = make()
        observer(torch.from_numpy(x))
        try:
            result = qparams(*observer.calculate_qparams())
        except Exception:
            result = {"error": "calculate"}
        if name == "RecordingObserver":
            result["recorded"] = bits(numbers(observer.tensor_val[0]))
        yield case("observer", name, u8, "random", [24, 17], result)


ALL_ON = [[1, 1]] * 3
SCHEDULE = [[1, 0], [1, 1], [0, 1], [0, 0], [1, 1], [0, 1]]


def fake_quantized(make, stream, shape, schedule):
    """Outputs, gradients and parameters at each step of a schedule of (observer, fake quantize) switches."""
    try:
        module = make()
    except Exception:
        return {"error": "construct"}
    steps = []
    batches = streams.batches(stream, shape)
    for step, (observe, quantize) in enumerate(schedule):
        module.enable_observer(bool(observe))
        module.enable_fake_quant(bool(quantize))
        x = torch.from_numpy(batches[step % len(batches)].copy()).requires_grad_()
        try:
            y = module(x)
        except Exception:
            steps.append({"error": "forward"})
            break
        y.backward(torch.from_numpy(streams.gradient(stream, step, list(x.shape))))
        result = {"y": bits(numbers(y)), "dx": bits(numbers(x.grad))}
        result.update(qparams(module.scale, module.zero_point))
        steps.append(result)
    result = {"steps": steps}
    try:
        converted = module.calculate_qparams()
        result["converted"] = qparams(*converted)
    except Exception:
        result["converted"] = {"error": "calculate"}
    return result


FAKE_STREAMS = [name for name in streams.STREAMS if name not in ("growing_shifted", "constant_2_25", "constants")]


def fake_quantize_cases(api):
    f, o = api.fake_quantize, api.observer
    grids = [("per_tensor", [24, 17], None), ("per_channel", [5, 3, 3, 4], 0), ("per_channel", [2, 4, 19], 1)]
    for prefix, shape, axis in grids:
        moving = {"per_tensor": o.MovingAverageMinMaxObserver, "per_channel": o.MovingAveragePerChannelMinMaxObserver}
        extremes = {"per_tensor": o.MinMaxObserver, "per_channel": o.PerChannelMinMaxObserver}
        extra = FLOAT_QPARAMS[:1] if prefix == "per_channel" else []
        for s in specs(prefix) + extra:
            if s["storage"] not in api.dtypes or s["storage"] in ("i32", "u4", "u16"):
                continue
            for stream in FAKE_STREAMS:
                for observer in (moving[prefix], extremes[prefix]):
                    schedule = SCHEDULE if stream in ("random", "outliers", "positive") else ALL_ON
                    make = lambda: f.FakeQuantize(observer=observer, **api.arguments(s, axis))
                    result = fake_quantized(make, stream, shape, schedule)
                    more = {"observer": observer.__name__, "schedule": schedule, "averaging_constant": 0.01}
                    yield case("fake_quantize", "FakeQuantize", s, stream, shape, result, axis=axis or 0, **more)
                if s["range"] is None or "float" in s["scheme"]:
                    continue
                schedule = SCHEDULE if stream in ("random", "outliers", "positive") else ALL_ON
                make = lambda: f.FusedMovingAvgObsFakeQuantize(observer=moving[prefix], **api.arguments(s, axis))
                result = fake_quantized(make, stream, shape, schedule)
                more = {"observer": moving[prefix].__name__, "schedule": schedule, "averaging_constant": 0.01}
                yield case(
                    "fake_quantize", "FusedMovingAvgObsFakeQuantize", s, stream, shape, result, axis=axis or 0, **more
                )
    for scale, zero_point in ((1 / 256, 0), (2 / 256, 128)):
        s = spec("u8", "per_tensor_affine", 0, 255)
        fixed = o.FixedQParamsObserver.with_args(scale=scale, zero_point=zero_point, dtype=api.dtypes["u8"])
        for stream in FAKE_STREAMS:
            make = lambda: f.FixedQParamsFakeQuantize(observer=fixed)
            result = fake_quantized(make, stream, [24, 17], SCHEDULE)
            more = {"scale": bits(np.array([scale])), "zero_point": zero_point, "schedule": SCHEDULE}
            yield case("fake_quantize", "FixedQParamsFakeQuantize", s, stream, [24, 17], result, **more)


def learned(api, make, stream, shape):
    """Two batches with the observer on, then three that learn, each with scale and zero point moved before it."""
    try:
        module = make()
    except Exception:
        return {"error": "construct"}
    steps = []
    batches = streams.batches(stream, shape)
    for step in range(5):
        x = torch.from_numpy(batches[step % len(batches)].copy()).requires_grad_()
        if step == 2:
            module.enable_param_learning() if api.name == "torch" else module.enable_range_learning()
        if step >= 2:
            module.scale.data.mul_(torch.tensor([0.75, 0.9, 1e-9][step - 2]))
            module.zero_point.data.add_(torch.tensor([0.3, -3.7, 1.5][step - 2]))
        try:
            y = module(x)
        except Exception:
            steps.append({"error": "forward"})
            break
        y.backward(torch.from_numpy(streams.gradient(stream, step, list(x.shape))))
        result = {"y": bits(numbers(y)), "dx": bits(numbers(x.grad))}
        result.update(scale=bits(numbers(module.scale)), real_zero_point=bits(numbers(module.zero_point)))
        if step >= 2:
            result.update(dscale=bits(numbers(module.scale.grad)), dzero=bits(numbers(module.zero_point.grad)))
            module.scale.grad = module.zero_point.grad = None
        steps.append(result)
    result = {"steps": steps}
    try:
        result["converted"] = qparams(*module.calculate_qparams())
    except Exception:
        result["converted"] = {"error": "calculate"}
    return result


def learnable_cases(api):
    o = api.observer
    grids = [("per_tensor", [24, 17], None), ("per_tensor", [5], None), ("per_tensor", [3001], None)]
    grids += [("per_channel", [5, 3, 3, 4], 0), ("per_channel", [2, 4, 19], 1), ("per_channel", [37, 3], 1)]
    grids += [("per_channel", [37, 43], 1), ("per_channel", [6, 5], 0), ("per_channel", [7, 3, 2, 2], 1)]
    for prefix, shape, axis in grids:
        observer = {"per_tensor": o.MovingAverageMinMaxObserver, "per_channel": o.MovingAveragePerChannelMinMaxObserver}
        for s in specs(prefix):
            if s["range"] is None or s["reduce_range"] or s["storage"] in ("i16", "u16"):
                continue
            for scaling in (False, True):
                for stream in FAKE_STREAMS:
                    arguments = api.arguments(s, axis, use_grad_scaling=scaling)
                    del arguments["reduce_range"]
                    if api.name == "torch":
                        arguments["channel_len"] = -1 if axis is None else shape[axis]
                    make = lambda: api.learnable(observer=observer[prefix], **arguments)
                    result = learned(api, make, stream, shape)
                    more = {"observer": observer[prefix].__name__, "averaging_constant": 0.01, "scaling": scaling}
                    yield case(
                        "learnable", "LearnableFakeQuantize", s, stream, shape, result, axis=axis or 0, **more
                    )


def quantize_cases(api):
    """torch.quantize_per_tensor and torch.quantize_per_channel, and back."""
    dtypes = {"u8": torch.quint8, "i8": torch.qint8, "i32": torch.qint32}
    names = ("random", "outliers", "huge", "denormal", "inf", "relu", "nan_first")
    for storage, dtype in dtypes.items():
        for stream in names:
            x = torch.from_numpy(streams.batches(stream, [24, 17])[0])
            for scale, zero_point in ((0.00784, 3), (0.0021485486, 120), (1.0, 0), (0.013, -7 if storage != "u8" else 7)):
                q = torch.quantize_per_tensor(x, scale, zero_point, dtype)
                result = {"integers": integers(q), "reals": bits(numbers(q.dequantize()))}
                scales = {"scale": bits(np.array([scale])), "zero_point": [zero_point]}
                s = spec(storage, "per_tensor_affine")
                yield case("quantize", "quantize_per_tensor", s, stream, [24, 17], result, axis=0, **scales)
            x = torch.from_numpy(streams.batches(stream, [5, 3, 3, 4])[0])
            scale = torch.tensor([0.01, 0.02, 0.5, 0.0021485486, 3.0])
            zero_point = torch.tensor([0, 3, 7, 100, 1])
            q = torch.quantize_per_channel(x, scale, zero_point, 0, dtype)
            result = {"integers": integers(q), "reals": bits(numbers(q.dequantize()))}
            scales = {"scale": bits(numbers(scale)), "zero_point": zero_point.tolist()}
            s = spec(storage, "per_channel_affine")
            yield case("quantize", "quantize_per_channel", s, stream, [5, 3, 3, 4], result, axis=0, **scales)
            if storage == "u8":
                real = torch.tensor([0.5, 3.25, 7.1, 100.7, -1.5])
                q = torch.quantize_per_channel(x, scale, real, 0, dtype)
                result = {"integers": integers(q), "reals": bits(numbers(q.dequantize()))}
                scales = {"scale": bits(numbers(scale)), "real_zero_point": bits(numbers(real))}
                s = spec(storage, "per_channel_affine_float_qparams")
                yield case("quantize", "quantize_per_channel", s, stream, [5, 3, 3, 4], result, axis=0, **scales)


def integers(q):
    return digest(q.int_repr().reshape(-1).to(torch.int32).numpy().astype("<i4"))


PARTS = {
    "observers": observer_cases,
    "histogram": histogram_cases,
    "fake_quantize": fake_quantize_cases,
    "learnable": learnable_cases,
    "quantize": quantize_cases,
}


def main():
    api = Api(sys.argv[1])
    for part in sys.argv[2:]:
        golden = {"source": api.name, "version": api.version, "cases": list(PARTS[part](api))}
        path = Path(__file__).parent / f"{api.name}-{api.version}-{part}.json.gz"
        with open(path, "wb") as file, gzip.GzipFile(fileobj=file, mode="wb", mtime=0, filename="") as packed:
            packed.write(json.dumps(golden, separators=(",", ":")).encode())
        print(f"{path.name}: {len(golden['cases'])} cases, {path.stat().st_size / 1024:.0f} KiB", flush=True)


main()
