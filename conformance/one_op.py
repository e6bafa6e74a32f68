"""One and two quantized ops over a grid, live in onnxruntime and through our profiles: no integer may differ.

`ort-x64` is onnxruntime on a processor with VNNI, `ort-x64-saturating` on one without. On this machine one of them can be
seen whole; the other is compared on what cannot saturate (no u8 by i8 with weights of more than 7 bits).
"""

import json
import subprocess
import sys
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnx
from onnx import helper

import one_op_elements as elements
import one_op_products as products
import runtime
from checks import Checks
from one_op_model import Cases, Node, NUMPY, model
from places import ROOT, WORK

FOLDER: Path = WORK / "one_op"
LEAST_OUTPUTS = 10_000_000
PROFILES = ("ort-x64", "ort-x64-saturating")
FAMILIES = (products.convolutions, products.products, products.gemms, products.pairs, elements.binaries, elements.average_pools,
            elements.global_pools, elements.tables, elements.softmaxes, elements.choices, elements.movers, elements.bridges)
HARNESS: Path = ROOT / "target" / "release" / "examples" / "one_op"


@dataclass
class Count:
    """Outputs of one op under one profile."""

    cases: int = 0
    outputs: int = 0
    differing: int = 0
    refused: int = 0
    examples: list[str] = field(default_factory=list)


def bridge_model(node: Node) -> tuple[bytes, dict[str, np.ndarray]]:
    """A bridge alone: it has no integer form."""
    operand = node.operands[0]
    quant = node.output or operand.quant
    named = [] if quant is None else [(quant.scale, "s"), (quant.zero_point, "z")]
    params = [onnx.numpy_helper.from_array(np.asarray(array), name) for array, name in named]
    kind = helper.np_dtype_to_tensor_dtype(operand.array.dtype)
    axis = {} if quant is None or quant.axis is None else {"axis": quant.axis}
    outputs = ["y"] if node.form != "dynamic" else ["y", "scale", "zero"]
    one = helper.make_node(node.onnx_op, ["x"] + ([] if quant is None else ["s", "z"]), outputs, **axis)
    result = onnx.ValueInfoProto(name="y")
    result_dtype = node.output.dtype if node.output else np.dtype(node.dtype or np.float32)
    result.type.tensor_type.elem_type = helper.np_dtype_to_tensor_dtype(result_dtype)
    graph = helper.make_graph([one], "bridge", [helper.make_tensor_value_info("x", kind, operand.array.shape)], [result], params)
    whole = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    return whole.SerializeToString(), {"x": operand.array}


def run_theirs(node: Node, scratch: Path) -> tuple[np.ndarray, Counter[str]]:
    """onnxruntime's output with default options, and the ops it ran."""
    if node.form in ("quantize", "dequantize", "dynamic"):
        data, feed = bridge_model(node)
    else:
        data, feed = model(node)
    session = runtime.session(data, optimized=scratch)
    (output,) = session.run([session.get_outputs()[0].name], feed)
    return output, runtime.op_counts(scratch)


def chain(node: Node) -> list[Node]:
    return [node] + [inner for operand in node.operands if isinstance(operand, Node) for inner in chain(operand)]


def is_fused(node: Node, ops: Counter[str]) -> bool:
    """Whether onnxruntime ran the integer kernels: all that are named, and no bridges unless for an island of f32."""
    if node.form in ("quantize", "dequantize", "dynamic") or node.op in ("relu", "clip"):
        return True
    return all(ops[each.kernel] for each in chain(node) if each.kernel) and not ops["DequantizeLinear"]


def run_ours(profile: str, cases: Cases) -> list[np.ndarray | str]:
    subprocess.run([str(HARNESS), profile, str(FOLDER)], check=True, timeout=600)
    answers = json.loads((FOLDER / "results.json").read_text())
    written = (FOLDER / "outputs.bin").read_bytes()

    def array(answer: list[dict] | str) -> np.ndarray | str:
        if isinstance(answer, str):
            return answer
        first = answer[0]
        dtype = np.dtype(NUMPY[first["dtype"]])
        count = int(np.prod(first["shape"], dtype=np.int64))
        return np.frombuffer(written, dtype, count, first["offset"]).reshape(first["shape"])

    return [array(answer) for answer in answers]


def compare(node: Node, ours: np.ndarray | str, theirs: np.ndarray, count: Count) -> None:
    count.cases += 1
    if isinstance(ours, str):
        count.refused += 1
        count.examples.append(ours)
        return
    count.outputs += theirs.size
    if ours.shape != theirs.shape or ours.dtype != theirs.dtype:
        count.differing += theirs.size
        count.examples.append(f"{ours.dtype}{ours.shape} for {theirs.dtype}{theirs.shape}")
        return
    bits = np.dtype(f"u{ours.itemsize}")
    differ = np.ascontiguousarray(ours).view(bits) != np.ascontiguousarray(theirs).view(bits)
    if differ.any():
        at = np.unravel_index(np.flatnonzero(differ)[0], differ.shape)
        count.differing += int(differ.sum())
        count.examples.append(f"{int(differ.sum())}/{differ.size}: {ours[at]} for {theirs[at]} at {at}; {describe(node)}")


def describe(node: Node) -> str:
    dims = [getattr(operand, "array", np.zeros(0)).shape for operand in node.operands]
    quants = [operand.quant for operand in node.operands if getattr(operand, "quant", None)] + [node.output]
    params = [f"{q.dtype}({np.ravel(q.scale)[0]:.6g},{np.ravel(q.zero_point)[0]})" for q in quants if q]
    return f"{node.form} {dims} {params} {node.attrs}"


def main(names: list[str]) -> int:
    FOLDER.mkdir(parents=True, exist_ok=True)
    checks, cases = Checks(), Cases()
    if not HARNESS.exists():
        checks.check(False, f"{HARNESS} is not there: cargo build --release -p qdq --example one_op")
        return checks.finish()
    nodes, theirs = [], []
    begin = time.perf_counter()
    for family in FAMILIES:
        if names and family.__name__ not in names:
            continue
        for node in family():
            output, ops = run_theirs(node, FOLDER / "optimized.onnx")
            if not is_fused(node, ops):
                checks.check(False, f"{node.op}: onnxruntime ran {dict(ops)}; {describe(node)}")
                continue
            nodes.append((cases.add(node), node))
            theirs.append(output)
    print(f"onnxruntime: {time.perf_counter() - begin:.0f} s", flush=True)
    (FOLDER / "cases.json").write_text(json.dumps(cases.cases))
    (FOLDER / "inputs.bin").write_bytes(b"".join(cases.parts))
    total = 0
    live = PROFILES[0] if runtime.has_vnni() else PROFILES[1]
    for profile in PROFILES:
        begin = time.perf_counter()
        ours = run_ours(profile, cases)
        print(f"{profile}{' (live on this machine)' if profile == live else ''}: {time.perf_counter() - begin:.0f} s", flush=True)
        counts: dict[str, Count] = defaultdict(Count)
        apart = 0
        for (position, node), output in zip(nodes, theirs, strict=True):
            if profile == live or not node.may_saturate:
                compare(node, ours[position], output, counts[node.op if len(chain(node)) == 1 else f"conv + {node.op}"])
            elif not isinstance(ours[position], str):
                apart += int((ours[position] != output).sum())
        n_compared = report(profile, counts, checks)
        total += n_compared
        if profile == live and not names:
            checks.check(n_compared >= LEAST_OUTPUTS, f"only {n_compared} outputs were compared with {live}")
        if profile != live and not names:
            checks.check(apart > 0, "the profiles agree where products saturate")
            print(f"  {apart} outputs differ where products of this machine saturate and those of {profile} do not, or the reverse")
    print(f"{total} outputs compared")
    return checks.finish()


def report(profile: str, counts: dict[str, Count], checks: Checks) -> int:
    for op, count in sorted(counts.items()):
        numbers = f"{count.cases:5} cases {count.outputs:9} outputs {count.differing:7} differ {count.refused:4} refused"
        print(f"  {op:28} {numbers}", flush=True)
        checks.check(count.differing == 0 and count.refused == 0, f"{profile}: {op}: " + " | ".join(count.examples[:3]))
    return sum(count.outputs for count in counts.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
