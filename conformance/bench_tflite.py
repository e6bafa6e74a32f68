"""Speed of quantizing and converting TFLite models, beside ai-edge-quantizer; `cargo xtask bench` runs this, too.

TFLiteConverter has a script of its own, `bench_tflite_converter.py`, since it needs TensorFlow.
"""

import statistics
import sys
from pathlib import Path

import numpy as np

import tflite_models
from bench import helper, image_samples, in_turn, last_json, measured, qdq
from places import WORK, shared_models
from tflite_models import Quant

N_SAMPLES = 100
ROUNDS = 5
LEAST_SPEEDUP = 5.0
MOST_SECONDS = 0.5
# Weights of 20 MB: convolutions of 3 x 3 whose weights ONNX has in another order.
N_LAYERS, CHANNELS = 9, 500


def vww(folder: Path) -> None:
    """A MobileNet with 100 samples, from float to static int8."""
    source = shared_models() / "03_mobilenetv1_vww"
    original, model = source / "vww_96_float.tflite", folder / "float.tflite"
    if not original.exists():
        print(f"not measured: there is no {original}")
        return
    # The file has no signature, which ai-edge-quantizer needs, and `qdq convert` writes one.
    measured(qdq("convert", original, model))
    samples = image_samples(folder, N_SAMPLES)
    usages = in_turn({
        "qdq": qdq("quantize", model, "--target", "tflite", "--data", samples, "-o", folder / "qdq.tflite"),
        "qdq, min-max": qdq("quantize", model, "--target", "tflite", "--data", samples, "-o", folder / "minmax.tflite",
                            "--calibration", "minmax"),
        "ai-edge-quantizer": helper("bench_edge_quantizer.py", model, samples, folder / "rival.tflite"),
    }, ROUNDS)
    wall = {name: statistics.median(usage.wall for usage in found) for name, found in usages.items()}
    inside = statistics.median(last_json(usage.output)["seconds"] for usage in usages["ai-edge-quantizer"])
    memory = {name: max(usage.megabytes for usage in found) for name, found in usages.items()}
    for name in ("qdq", "qdq, min-max"):
        print(f"mobilenet-vww, {N_SAMPLES} samples: {name} {wall[name]:.2f} s, {memory[name]:.0f} MB; "
              f"ai-edge-quantizer {wall['ai-edge-quantizer']:.2f} s ({inside:.2f} s without imports), "
              f"{memory['ai-edge-quantizer']:.0f} MB: x{wall['ai-edge-quantizer'] / wall[name]:.1f}, "
              f"without imports x{inside / wall[name]:.1f} (bar {LEAST_SPEEDUP:.0f})")


def large(folder: Path) -> None:
    """An int8 model of 20 MB from TFLite to ONNX and from ONNX to TFLite."""
    builder = tflite_models.Builder()
    random = np.random.default_rng(3)
    shape, scale = (1, 8, 8, CHANNELS), np.full(CHANNELS, 0.001, np.float32)
    zeros = [0] * CHANNELS
    x = builder.input("i8", shape, Quant.one(0.05))
    for _ in range(N_LAYERS):
        weights = random.integers(-127, 128, (CHANNELS, 3, 3, CHANNELS), np.int8)
        weights = builder.constant("i8", weights, Quant(scale.tolist(), zeros))
        bias = builder.constant("i32", np.zeros(CHANNELS, np.int32), Quant((scale * np.float32(0.05)).tolist(), zeros))
        y = builder.tensor("i8", shape, Quant.one(0.05))
        x = builder.operator("CONV_2D", [x, weights, bias], y, options="Conv2DOptions", strideH=1, strideW=1)
    builder.outputs = [x]
    file = folder / "large.tflite"
    builder.write(file)
    to_onnx = in_turn({"to ONNX": qdq("convert", file, folder / "large.onnx")}, ROUNDS)
    others = in_turn({
        "to TFLite": qdq("convert", folder / "large.onnx", folder / "again.tflite"),
        "TFLite to TFLite": qdq("convert", file, folder / "same.tflite"),
    }, ROUNDS)
    for name, found in {**to_onnx, **others}.items():
        seconds = statistics.median(usage.wall for usage in found)
        print(f"int8 model of {file.stat().st_size / 1e6:.0f} MB, {name}: {seconds:.2f} s (bar {MOST_SECONDS})")


def main() -> int:
    folder = WORK / "bench_tflite"
    folder.mkdir(parents=True, exist_ok=True)
    vww(folder)
    large(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
