"""`qdq convert IN OUT` (read, write untouched): a valid file from which onnxruntime, its optimizations off, computes the same bits."""

import sys
from pathlib import Path

import onnx

import command
import models
import runtime
from checks import Checks
from measures import identical
from models import Model
from places import WORK


def ops(file: Path) -> dict[str, int]:
    """How many nodes of each op; constants may be written as nodes or as initializers."""
    return {op: n for op, n in runtime.op_counts(file).items() if op != "Constant"}


def opset(file: Path) -> int:
    imports = onnx.load(str(file), load_external_data=False).opset_import
    return next(each.version for each in imports if each.domain in ("", "ai.onnx"))


def compare(model: Model, checks: Checks) -> None:
    again = WORK / model.name / "again.onnx"
    test = models.data(model.prepared(), "test")
    command.convert(model.path, again)
    onnx.checker.check_model(str(again), full_check=True)
    # Unoptimized on both sides: which ops onnxruntime fuses, and so how it rounds, depends on the operator set.
    ours, theirs = (runtime.run_all(runtime.session(file, optimize=False), models.feeds(test)) for file in (again, model.path))
    pairs = zip(ours, theirs, strict=True)
    same = checks.check(all(identical(ours, theirs) for ours, theirs in pairs), f"{model.name}: outputs differ after a round trip")
    checks.check(ops(again) == ops(model.path), f"{model.name}: other ops after a round trip")
    print(f"{model.name:20} {'same bits' if same else 'DIFFERENT'}  opset {opset(model.path)} -> {opset(again)}", flush=True)


if __name__ == "__main__":
    sys.exit(models.check_each(sys.argv[1:], "round trip", compare))
