"""What `qdq explain` predicts to run in integers, against the graph that onnxruntime optimizes, on quantized models that other
tools made: the same ops, computing the same tensors. And the defects of those models, which it has to find.
"""

import json
import logging
import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import onnx
import onnxruntime

import command
import foreign
import lowered
import models
from checks import Checks
from models import Model

N_CALIBRATION = 2
LEVELS = onnxruntime.GraphOptimizationLevel

# What a tool does wrong for x86-64, and the words in which `explain` says so.
DEFECTS: dict[str, str] = {
    "s8s8": r"no kernel for activations of i8|no kernel for (i8 beside u8|u8 beside i8)",
    "u16s8": r"no kernel for activations of u16",
    "inputs-wide": r"stands between it and the quantize of its output",
}
# Ops that onnxruntime merges and splits before it looks at bridges: slices into a split, equal unsqueezes into one.
REWRITTEN = frozenset({"transpose", "slice", "split", "unsqueeze"})
# Kernels of models quantized at run time; their outputs have other names once they are fused with what scales them.
DYNAMIC = {"ConvInteger": "conv", "MatMulInteger": "mat_mul", "DynamicQuantizeMatMul": "mat_mul", "DynamicQuantizeLSTM": "lstm"}
PRODUCTS = ("conv", "gemm", "mat_mul")
# Names of values in u8 that onnxruntime makes of those in i8.
RENAMED = "qdq_s8_to_u8"


def explain(model: Path) -> dict[str, Any]:
    return json.loads(command.call("explain", model, "--target", "onnxruntime-x64", "--json"))


def predicted(report: dict[str, Any]) -> list[lowered.Node]:
    """Op and first output of each node that is to run on integers, named as `lowered.integer_nodes` does."""
    found = []
    for node in report["explanation"]["nodes"]:
        name = node["op"].rsplit(".", 1)[-1]
        op = lowered.KERNELS.get(name, DYNAMIC.get(name, name))
        if node["runs"] == "integer" and op not in REWRITTEN:
            found.append((op, node["output"]))
    return found if report["explanation"]["is_quantized"] else []


def in_onnxruntime(model: Path, scratch: Path) -> list[lowered.Node]:
    """The same of the graph that onnxruntime optimizes."""
    optimized = lowered.optimized(model, scratch, LEVELS.ORT_ENABLE_EXTENDED)
    found = [node for node in lowered.integer_nodes(optimized) if node[0] not in REWRITTEN]
    nodes = [node for graph in lowered.graphs(optimized.graph) for node in graph.node if node.op_type in DYNAMIC]
    return found + [(DYNAMIC[node.op_type], node.output[0]) for node in nodes]


def gathers_of_ranges(model: Path) -> tuple[str, ...]:
    """What gathers at the indices of a range give: onnxruntime makes slices of these."""
    nodes = [node for graph in lowered.graphs(onnx.load(str(model), load_external_data=False).graph) for node in graph.node]
    ranges = {node.output[0] for node in nodes if node.op_type == "Range"}
    return tuple(node.output[0] for node in nodes if node.op_type == "Gather" and node.input[1] in ranges)


def stuck_products(model: Path) -> set[str]:
    """Products whose output only a relu or clip reads, which a quantize reads."""
    nodes = [node for graph in lowered.graphs(onnx.load(str(model), load_external_data=False).graph) for node in graph.node]
    readers: dict[str, list[onnx.NodeProto]] = defaultdict(list)
    for node in nodes:
        for name in node.input:
            readers[name].append(node)
    def is_stuck(node: onnx.NodeProto) -> bool:
        return [user.op_type in ("Relu", "Clip") and any(next_user.op_type == "QuantizeLinear" for next_user in readers[user.output[0]])
                for user in readers[node.output[0]]] == [True]
    return {node.name for node in nodes if node.op_type in ("Conv", "Gemm", "MatMul") and is_stuck(node)}


def differences(model: Path, scratch: Path, report: dict[str, Any]) -> list[str]:
    """What is not the same, in words; names are compared where onnxruntime keeps them."""
    ranged = gathers_of_ranges(model)
    mine = [(op, output) for op, output in predicted(report) if op != "gather" or not output.startswith(ranged)]
    there = in_onnxruntime(model, scratch)
    counts, expected = Counter(op for op, _ in mine), Counter(op for op, _ in there)
    found = [f"{op}: {counts[op]} predicted, {expected[op]} in onnxruntime"
             for op in sorted(counts | expected) if counts[op] != expected[op]]
    if any(RENAMED in output for _, output in there) or "dynamic" in model.name:
        return found
    known = lowered.tensors(model)
    ours, theirs = ({node for node in nodes if node[1] in known} for nodes in (mine, there))
    found += [f"{op} -> {output} only predicted" for op, output in sorted(ours - theirs)]
    found += [f"{op} -> {output} only in onnxruntime" for op, output in sorted(theirs - ours)]
    return found


def check_defects(what: str, variant: str, model: Path, report: dict[str, Any], checks: Checks) -> None:
    """Where products stay in float there is a reason, and where the tool's known defect is one of them, a fix."""
    in_float = [node for node in report["explanation"]["nodes"] if node["runs"] == "float"]
    products = [node for node in in_float if node["is_product"]]
    checks.check(all("reason" in node for node in products), f"{what}: a product in float without a reason")
    stuck = stuck_products(model)
    has_defect = bool(products) if variant != "inputs-wide" else any(node["node"] in stuck for node in products)
    if variant not in DEFECTS or not has_defect or not report["explanation"]["is_quantized"]:
        return
    said = [node for node in products if re.search(DEFECTS[variant], node["reason"])]
    checks.check(bool(said), f"{what}: no product in float is said to be for /{DEFECTS[variant]}/")
    checks.check(all("fix" in node for node in said), f"{what}: a defect without a fix")


def check_own(model: Model, checks: Checks) -> None:
    """What is told of the float model is what onnxruntime makes of the quantized one."""
    folder = model.prepared()
    out = folder / "int8.onnx"
    report = command.quantize(model.path, models.data(folder, "calibration"), out)["report"]
    nodes = explain(model.path)["explanation"]["nodes"]
    products = Counter(node["op"] for node in nodes if node["is_product"] and node["runs"] == "integer")
    there = Counter(op for op, _ in in_onnxruntime(out, folder / "optimized.onnx") if op in PRODUCTS)
    # What no sample reaches cannot be quantized; that is not known without data.
    unreached = [name for name, reason in report["left_in_float"] if "no calibration sample" in reason]
    there.update(op for op in PRODUCTS for name in unreached if name.endswith(f"({op})"))
    print(f"{model.name:20} of the float model: {dict(products)}", flush=True)
    checks.check(products == there, f"{model.name}: {dict(products)} predicted of the float model, {dict(there)} in onnxruntime")


def check_variant(model: Model, variant: str, source: Path, feeds: list[dict[str, Any]], checks: Checks) -> None:
    folder = source.parent
    what, out = f"{model.name} {variant}", folder / f"foreign-{variant}.onnx"
    try:
        foreign.VARIANTS[variant](source, out, feeds)
        lowered.optimized(out, folder / "optimized.onnx", LEVELS.ORT_ENABLE_EXTENDED)
    except Exception as error:  # noqa: BLE001 - the other tool fails, or makes what does not load
        checks.skip(what, f"{type(error).__name__}: {str(error)[:100]!r}")
        return
    report = explain(out)
    found = differences(out, folder / "optimized.onnx", report)
    products = [node for node in report["explanation"]["nodes"] if node["is_product"]]
    n_integer = sum(node["runs"] == "integer" for node in products)
    print(f"{what:36} {len(predicted(report)):4} on integers, {n_integer} of {len(products)} products, "
          f"{'as in onnxruntime' if not found else f'{len(found)} differences'}", flush=True)
    checks.check(not found, f"{what}: {'; '.join(found[:6])}")
    check_defects(what, variant, out, report, checks)


def check(model: Model, variants: list[str], checks: Checks) -> None:
    folder = model.prepared()
    checks.guard(model.name, lambda: check_own(model, checks))
    try:
        source, feeds = foreign.prepared(model, folder), foreign.calibration(model, N_CALIBRATION)
    except Exception as error:  # noqa: BLE001
        checks.skip(model.name, f"onnxruntime cannot prepare it: {str(error)[:100]!r}")
        return
    for variant in variants:
        what = f"{model.name} {variant}"
        checks.guard(what, lambda variant=variant: check_variant(model, variant, source, feeds, checks))


def main(arguments: list[str]) -> int:
    """Names of models and of variants; all where none is named."""
    logging.disable(logging.WARNING)
    checks = Checks()
    variants = [name for name in arguments if name in foreign.VARIANTS] or list(foreign.VARIANTS)
    for model in models.chosen([name for name in arguments if name not in foreign.VARIANTS]):
        if model.missing:
            checks.skip(f"models that other tools make of {model.name}", model.missing)
        else:
            check(model, variants, checks)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
