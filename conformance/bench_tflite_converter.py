"""Static int8 of a Keras model by TFLiteConverter beside `qdq`'s of the same model in TFLite: mobilenet-vww, 100 samples.

Runs in an environment of its own, with TensorFlow; as a script with three arguments, it is the converter: MODEL SAMPLES OUT.
"""

import json
import os
import statistics
import sys
import time
from pathlib import Path

import numpy as np

from bench import helper, image_samples, in_turn, last_json, qdq
from places import WORK, shared_models

N_SAMPLES = 100
ROUNDS = 3
LEAST_SPEEDUP = 5.0


def convert(model: str, samples: str, out: str) -> int:
    """Prints the seconds without imports and without building the model."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    import tensorflow as tf  # noqa: PLC0415 - seconds, which only this needs

    class Depthwise(tf.keras.layers.DepthwiseConv2D):
        """The file is older than this Keras, which refuses the number of groups."""

        def __init__(self, **config: object) -> None:
            config.pop("groups", None)
            super().__init__(**config)

    rows = np.load(samples)
    network = tf.keras.models.load_model(model, compile=False, custom_objects={"DepthwiseConv2D": Depthwise})
    begin = time.perf_counter()
    converter = tf.lite.TFLiteConverter.from_keras_model(network)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([row[None]] for row in rows)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    Path(out).write_bytes(converter.convert())
    print(json.dumps({"seconds": time.perf_counter() - begin}))
    return 0


def main() -> int:
    source = shared_models() / "03_mobilenetv1_vww"
    keras, model = source / "vww_96.h5", source / "vww_96_float.tflite"
    if not keras.exists():
        print(f"not measured: there is no {keras}")
        return 0
    folder = WORK / "bench_tflite_converter"
    folder.mkdir(parents=True, exist_ok=True)
    samples = image_samples(folder, N_SAMPLES)
    usages = in_turn({
        "qdq": qdq("quantize", model, "--target", "tflite", "--data", samples, "-o", folder / "qdq.tflite"),
        "TFLiteConverter": helper("bench_tflite_converter.py", keras, samples, folder / "rival.tflite"),
    }, ROUNDS)
    wall = {name: statistics.median(usage.wall for usage in found) for name, found in usages.items()}
    memory = {name: max(usage.megabytes for usage in found) for name, found in usages.items()}
    inside = statistics.median(last_json(usage.output)["seconds"] for usage in usages["TFLiteConverter"])
    print(f"mobilenet-vww, {N_SAMPLES} samples: qdq {wall['qdq']:.2f} s, {memory['qdq']:.0f} MB; "
          f"TFLiteConverter {wall['TFLiteConverter']:.2f} s ({inside:.2f} s without imports), {memory['TFLiteConverter']:.0f} MB: "
          f"x{wall['TFLiteConverter'] / wall['qdq']:.1f}, without imports x{inside / wall['qdq']:.1f} (bar {LEAST_SPEEDUP:.0f})")
    return 0


if __name__ == "__main__":
    sys.exit(convert(*sys.argv[1:]) if len(sys.argv) == 4 else main())
