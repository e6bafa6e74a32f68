"""`qdq convert --form`: QDQ to QOperator and back, in onnxruntime; and QOperator files of onnxruntime's own quantizer.

A model's QOperator form must give what onnxruntime makes of its QDQ form, bit for bit.
"""

import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

import command
import measures
import models
import runtime
from checks import Checks
from models import Model
from places import WORK

logging.disable(logging.WARNING)

MODELS = ("fashion", "resnet8", "ppocr-cls", "ppocr-det", "silero", "minilm", "efficientnet-lite0", "vit", "magika", "fsdd-gru")
# The rival's QOperator files that are read: convolutional nets whose quantizer runs.
RIVALS = ("fashion", "resnet8", "efficientnet-lite0")
# Real-valued operators between bridges are what onnxruntime fuses again, but for a pool's last bit.
SAME = 60.0


def integer_ops(file: Path, folder: Path) -> dict[str, int]:
    counts = runtime.optimized_ops(file, folder / "optimized.onnx")
    # Parts with the same parameters are put together as they are, which is cheaper than QLinearConcat.
    return {op: n for op, n in counts.items() if op in runtime.INTEGER_OPS - {"QLinearConcat"}}


def check(model: Model, checks: Checks) -> None:
    folder = WORK / "forms" / model.name
    folder.mkdir(parents=True, exist_ok=True)
    prepared = model.prepared()
    qdq, operators, back = (folder / f"{name}.onnx" for name in ("qdq", "qoperator", "back"))
    command.quantize(model.path, models.data(prepared, "calibration"), qdq)
    command.call("convert", qdq, operators, "--form", "qoperator")
    command.call("convert", operators, back)
    sample = list(models.feeds(models.data(prepared, "sample")))
    of_qdq, of_operators, of_back = (runtime.run_all(runtime.session(file), sample) for file in (qdq, operators, back))
    same = all(measures.identical(a, b) for a, b in zip(of_qdq, of_operators, strict=True))
    checks.check(same, f"{model.name}: QOperator gives other numbers than QDQ")
    same = all(measures.identical(a, b) for a, b in zip(of_qdq, of_back, strict=True))
    checks.check(same, f"{model.name}: back in QDQ it gives other numbers")
    expected, found = integer_ops(qdq, folder), integer_ops(operators, folder)
    checks.check(expected == found, f"{model.name}: onnxruntime runs {found}, of QDQ {expected}")
    plain = runtime.op_counts(operators)
    print(f"{model.name:19} {sum(found.values())} integer nodes, {plain['QuantizeLinear']} quantize and "
          f"{plain['DequantizeLinear']} dequantize left of {runtime.op_counts(qdq)['DequantizeLinear']}", flush=True)


class Reader(CalibrationDataReader):
    def __init__(self, feeds: Iterator[dict[str, np.ndarray]], names: set[str]) -> None:
        self.feeds, self.names = feeds, names

    def get_next(self) -> dict[str, Any] | None:
        feed = next(self.feeds, None)
        return None if feed is None else {name: array for name, array in feed.items() if name in self.names}


def check_rival(model: Model, checks: Checks) -> None:
    """A QOperator file of onnxruntime's quantizer, read and written as QDQ."""
    folder = WORK / "forms" / model.name
    prepared = model.prepared()
    theirs, ours = folder / "rival.onnx", folder / "rival_qdq.onnx"
    names = {value.name for value in runtime.session(model.path).get_inputs()}
    reader = Reader(models.feeds(models.data(prepared, "sample")), names)
    quantize_static(str(model.path), str(theirs), reader, quant_format=QuantFormat.QOperator, per_channel=True,
                    activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8)
    command.call("convert", theirs, ours)
    counts = runtime.op_counts(ours)
    left = [op for op in counts if op.startswith("QLinear") or op == "QGemm"]
    checks.check(not left, f"{model.name}: {left} of the rival's file are kept as they are")
    sample = list(models.feeds(models.data(prepared, "sample")))
    a, b = (measures_of(runtime.run_all(runtime.session(file), sample)) for file in (theirs, ours))
    noise = measures.sqnr(a, b)
    checks.check(noise >= SAME, f"{model.name}: {noise:.1f} dB between the rival's file and its QDQ form")
    print(f"{model.name:19} the rival's QOperator file as QDQ: {noise:.1f} dB", flush=True)


def measures_of(outputs: list[dict[str, np.ndarray]]) -> list[np.ndarray]:
    return [next(iter(group.values())) for group in outputs]


def check_all(model: Model, checks: Checks) -> None:
    check(model, checks)
    if model.name in RIVALS:
        check_rival(model, checks)


if __name__ == "__main__":
    sys.exit(models.check_each(sys.argv[1:] or list(MODELS), "forms", check_all))
