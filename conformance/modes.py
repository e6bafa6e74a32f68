"""`qdq quantize --mode dynamic|weight-only|float16`: accuracy and size in onnxruntime, beside onnxruntime's own quantizers.

Speeds are printed for information and not checked.
"""

import json
import logging
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import quantize_dynamic
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer

import command
import measures
import models
import runtime
from checks import Checks
from models import Model
from places import WORK
from quantized import vectors
from runtime import Outputs

logging.disable(logging.WARNING)


@dataclass(frozen=True)
class Mode:
    """Options, and what the mode may cost."""

    options: tuple[str, ...]
    # Points of the task's measure.
    most_lost: float
    # Least signal to noise between our executor and onnxruntime on the same file, dB. Integers of inputs quantized at run time
    # differ by a step where their float inputs differ in the last bits, and a mean over many steps levels that.
    least_parity: float
    # Whether the calibration samples are given.
    needs_data: bool = False
    # A recipe, and the models it fits; all if there are none.
    recipe: str = ""
    models: tuple[str, ...] = ()


# Weights that do not saturate on this processor.
TARGET = "onnxruntime-x64" if runtime.has_vnni() else "onnxruntime-x64-avx2"
MODES = {
    "dynamic": Mode(("--mode", "dynamic", "--target", TARGET), 0.5, 30.0),
    "dynamic convolutions": Mode(("--mode", "dynamic", "--target", TARGET), 0.5, 30.0, models=("resnet8", "magika"),
                                 recipe='[[rule]]\nop = "conv"\nactivation.dynamic = true\n'),
    "weight-only": Mode(("--mode", "weight-only"), 0.5, 60.0),
    "4 bits": Mode(("--mode", "weight-only", "--bits", "4"), 1.0, 60.0),
    "4 bits GPTQ": Mode(("--mode", "weight-only", "--bits", "4", "--algorithm", "gptq"), 1.0, 60.0, needs_data=True),
    "4 bits operator": Mode(("--mode", "weight-only", "--bits", "4", "--form", "qoperator"), 1.0, 60.0),
    "4 bits HQQ": Mode(("--mode", "weight-only", "--bits", "4", "--algorithm", "hqq", "--form", "qoperator"), 1.0, 60.0),
    "mixed float16": Mode(("--mode", "mixed-float16"), 0.2, 50.0),
    "float16": Mode(("--mode", "float16"), 0.1, 60.0),
}
MODELS = ("minilm", "silero", "silero-sequence", "fsdd-gru", "magika", "vit", "resnet8")
# Least mean cosine to float; onnxruntime's own per-channel dynamic has 0.9936, its 4 bits 0.972. Weights of 7 bits, for
# processors that saturate, have 0.9923.
COSINE = {
    ("minilm", "dynamic"): 0.993 if runtime.has_vnni() else 0.99,
    ("minilm", "4 bits"): 0.972,
    ("minilm", "4 bits GPTQ"): 0.99,
    ("minilm", "4 bits HQQ"): 0.975,
    ("vit", "4 bits GPTQ"): 0.999,
}
# Largest share of the float file.
SHARE = {("silero", "dynamic"): 0.45, ("silero", "weight-only"): 0.45, ("minilm", "dynamic"): 0.27}


def exact_products(file: Path) -> onnxruntime.InferenceSession:
    """A session that computes products with 4-bit weights in float; the default quantizes their inputs to 8 bits."""
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.qdq_matmulnbits_accuracy_level", "1")
    return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])


def line(model: Model, what: str, file: Path, before: dict[str, float], exact: list[Outputs]) -> tuple[dict[str, float], float]:
    """Prints what a file costs; its scores and its mean cosine to float."""
    folder = model.prepared()
    found = runtime.run_all(runtime.session(file), models.feeds(models.data(folder, "test")))
    after = models.score(model, file, found)
    a, b = vectors(exact), vectors(found)
    cosine = float(np.mean([measures.mean_cosine(x, y) for x, y in zip(a, b, strict=True)]))
    speed = runtime.speed_ratio(model.path, file, next(models.feeds(models.data(folder, "sample"))), seconds=0.5)
    share = file.stat().st_size / model.path.stat().st_size
    scores = ", ".join(f"{name} {before[name]:.3f} -> {after[name]:.3f}" for name in before)
    print(f"{model.name:9} {what:22} {scores:45} SQNR {measures.sqnr(a, b):5.1f} dB  cosine {cosine:.4f}  "
          f"{share:.2f} of the size  speed x{speed:.2f}", flush=True)
    return after, cosine


def check(model: Model, checks: Checks) -> None:
    folder = WORK / "modes" / model.name
    folder.mkdir(parents=True, exist_ok=True)
    exact = models.float_outputs(model)
    before = models.score(model, model.path, exact)
    for name, mode in MODES.items():
        if mode.models and model.name not in mode.models:
            continue
        file = folder / f"{name.replace(' ', '_')}.onnx"
        file.unlink(missing_ok=True)
        data = models.data(model.prepared(), "calibration")
        given = ["--data", data, *command.labels_option(data)] if mode.needs_data else []
        if mode.recipe:
            recipe = file.with_suffix(".toml")
            recipe.write_text(mode.recipe)
            given += ["--recipe", recipe]
        report = json.loads(command.call("quantize", model.path, "-o", file, "--json", *mode.options, *given))
        after, cosine = line(model, f"{name}", file, before, exact)
        what = f"{model.name} {name}"
        counts = runtime.op_counts(file)
        n_integer = report["report"]["n_integer"]
        n_operators = counts["MatMulInteger"] + counts["ConvInteger"] + counts["DynamicQuantizeLSTM"]
        checks.check(n_integer == n_operators, f"{what}: {n_integer} ops in integers, the file has {n_operators}")
        n_changed = n_integer + report["report"]["n_stored"] + report["report"]["n_half"]
        checks.check(n_changed > 0, f"{what}: nothing quantized")
        measure = next(iter(before))
        lost = before[measure] - after[measure]
        checks.check(lost <= mode.most_lost + 1e-6, f"{what}: {measure} lost {lost:.2f}, at most {mode.most_lost}")
        checks.check(cosine >= COSINE.get((model.name, name), 0.0), f"{what}: cosine {cosine:.4f}")
        share = file.stat().st_size / model.path.stat().st_size
        checks.check(share <= SHARE.get((model.name, name), 1.0), f"{what}: {share:.2f} of the size")
        parity(model, file, what, mode, checks)
    rivals(model, folder, before, exact)


def parity(model: Model, file: Path, what: str, mode: Mode, checks: Checks) -> None:
    """The same file in our executor."""
    sample = models.data(model.prepared(), "sample")
    theirs = vectors(runtime.run_all(exact_products(file), models.feeds(sample)))
    ours = vectors(command.run(file, sample, file.with_suffix(".npz")))
    noise = measures.sqnr([np.concatenate([a.ravel() for a in theirs])], [np.concatenate([a.ravel() for a in ours])])
    checks.check(noise >= mode.least_parity, f"{what}: {noise:.1f} dB between onnxruntime and us")


def rivals(model: Model, folder: Path, before: dict[str, float], exact: list[Outputs]) -> None:
    """What onnxruntime's own quantizers make of the model, for comparison."""
    file = folder / "rival.onnx"
    try:
        quantize_dynamic(str(model.path), str(file), per_channel=True)
        line(model, "onnxruntime dynamic", file, before, exact)
        quantizer = MatMulNBitsQuantizer(onnx.load(str(model.path)), block_size=32, is_symmetric=False)
        quantizer.process()
        quantizer.model.save_model_to_file(str(file))
        line(model, "onnxruntime 4 bits", file, before, exact)
    except Exception as error:  # noqa: BLE001 - what the rival cannot do is no failure of ours
        print(f"{model.name:9} onnxruntime fails: {str(error)[:120]}", flush=True)


if __name__ == "__main__":
    sys.exit(models.check_each(sys.argv[1:] or list(MODELS), "modes", check))
