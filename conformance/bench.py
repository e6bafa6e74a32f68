"""Speed and memory beside onnxruntime; `cargo xtask bench [--full]` runs this.

Standard library only, and everything measured runs in a process of its own: on Linux a child's peak memory is at least
what its parent held when it was started. Contestants take turns, so that a busy moment of the machine hits all of them.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import bench_report
from bench_report import Bar, Observing, Quantization, Speed
from places import ROOT, WORK, binary, shared_models

HERE = Path(__file__).resolve().parent
STATIC_METHODS = ("MinMax", "Percentile", "Entropy")
METHODS = ("minmax", "percentile", "entropy", "mse", "l2")
FAST_ENOUGH = ("resnet8", "efficientnet-lite0", "minilm")
INT8 = ("resnet8", "efficientnet-lite0", "minilm", "ppocr-cls")  # the last is a MobileNetV3
PROFILE = "ort-x64"
SECONDS_A_TURN = 1.5


@dataclass(frozen=True)
class Usage:
    """What one process took."""

    user: float
    wall: float
    megabytes: float
    output: str


def measured(line: list[str]) -> Usage:
    """Runs a command to its end; raises with its messages when it fails."""
    with tempfile.TemporaryFile("w+") as output:
        begin = time.perf_counter()
        child = subprocess.Popen(line, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - begin
        child.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        text = output.read()
    if child.returncode != 0:
        raise SystemExit(f"exit code {child.returncode}: {' '.join(line)}\n{text[-3000:]}")
    return Usage(usage.ru_utime, wall, usage.ru_maxrss / 1024, text)


def helper(script: str, *args: str | Path) -> list[str]:
    return [sys.executable, str(HERE / script), *map(str, args)]


def qdq(*args: str | Path) -> list[str]:
    return [str(binary()), *map(str, args)]


def image_samples(folder: Path, count: int) -> Path:
    """The images of mobilenet-vww as floats, as many as asked for, in one array."""
    images = np.load(shared_models() / "03_mobilenetv1_vww" / "vww_unlabelled.npz")["x"].astype(np.float32) / 255
    samples = folder / "samples.npy"
    np.save(samples, np.resize(images, (count, *images.shape[1:])))
    return samples


def last_json(text: str) -> dict[str, float]:
    """The object at the end of the output: warnings of the runtime may come before it."""
    return json.loads(text if text.startswith("{") else text[text.rindex("\n{"):])


def in_turn(lines: dict[str, list[str]], rounds: int) -> dict[str, list[Usage]]:
    """Runs every command once a round."""
    usages: dict[str, list[Usage]] = {name: [] for name in lines}
    for round_idx in range(rounds):
        for name, line in lines.items():
            usage = measured(line)
            usages[name].append(usage)
            print(f"  {round_idx + 1}/{rounds} {name:28} user {usage.user:6.2f} s  wall {usage.wall:6.2f} s  "
                  f"{usage.megabytes:6.0f} MB", flush=True)
    return usages


def median(usages: list[Usage], of: Callable[[Usage], float]) -> float:
    return statistics.median(of(usage) for usage in usages)


def quantize_line(model: dict[str, str], method: str, data: str, threads: int | None = None) -> list[str]:
    out = str(WORK / model["name"] / "bench.onnx")
    options = ["--threads", str(threads)] if threads else []
    return qdq("quantize", model["path"], "--data", data, "-o", out, "--calibration", method, "--json", *options)


def quantization(model: dict[str, str], full: bool, rounds: int) -> list[Quantization]:
    """Time and memory of quantizing, each calibration method of both sides."""
    static = STATIC_METHODS if full else STATIC_METHODS[:1]
    methods = METHODS if full else METHODS[:1]
    print(f"quantization of {model['name']}", flush=True)
    lines = {f"qdq {method}": quantize_line(model, method, model["calibration"]) for method in methods}
    for method in static:
        lines[f"quantize_static {method}"] = helper("bench_static.py", model["preprocessed"], model["calibration"], method,
                                                    WORK / model["name"] / "static.onnx")
    rows = []
    for name, usages in in_turn(lines, rounds).items():
        imports = last_json(usages[0].output)["imports"] if name.startswith("quantize_static") else 0.0
        rows.append(Quantization(name, median(usages, lambda u: u.user), imports, median(usages, lambda u: u.wall),
                                 median(usages, lambda u: u.megabytes)))
    return rows


def growth(model: dict[str, str], full: bool, rounds: int) -> dict[str, tuple[float, float]]:
    """Peak memory of qdq with few and with ten times as many samples."""
    print(f"memory of {model['name']}", flush=True)
    lines = {f"{method} {size}": quantize_line(model, method, model[size])
             for method in (METHODS if full else METHODS[:1]) for size in ("few", "many")}
    usages = in_turn(lines, rounds)
    peak = {name: median(mine, lambda u: u.megabytes) for name, mine in usages.items()}
    return {name.split()[0]: (peak[name], peak[name.replace(" few", " many")]) for name in peak if name.endswith("few")}


def int8_model(model: dict[str, str]) -> str:
    """The int8 form of a model, made when it is not there."""
    out = WORK / model["name"] / "bench-int8.onnx"
    if not out.exists():
        measured(qdq("quantize", model["path"], "--data", model["calibration"], "-o", out, "--json"))
    return str(out)


def speed(model: dict[str, str], threads: int, rounds: int, int8: bool = False) -> Speed:
    """Milliseconds of one run of one sample, medians: of the float model, or of its int8 form in integers on both sides."""
    path = int8_model(model) if int8 else model["path"]
    theirs = helper("bench_session.py", path, model["sample"], str(threads))
    first = last_json(measured([*theirs, "3"]).output)["median_ms"]
    n_runs = str(int(min(1000, max(5, SECONDS_A_TURN * 1000 / first))))
    options = ["--profile", PROFILE] if int8 else []
    ours = qdq("bench", path, "--data", model["sample"], "--threads", str(threads), "--runs", n_runs, "--json", *options)
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for line, mine in zip((ours, [*theirs, n_runs]), times, strict=True):
            mine.append(last_json(measured(line).output)["median_ms"])
    result = Speed(model["name"], threads, statistics.median(times[0]), statistics.median(times[1]), int8)
    print(f"  {result.model:20} {result.form:5} {threads} threads: qdq {result.ours:8.3f} ms  onnxruntime {result.theirs:8.3f} ms  "
          f"x{result.ratio:.2f}", flush=True)
    return result


def observing() -> list[Observing]:
    """The default statistic and a min-max scan of the same memory, one thread."""
    print("observing", flush=True)
    line = ["cargo", "bench", "--quiet", "--package", "qdq", "--bench", "statistic", "--", "--json"]
    rows = last_json(measured(line).output)["rows"]
    return [Observing(row["data"], row["kib"], row["observe"], row["min_max"]) for row in rows]


def bars(rows: list[Quantization], peaks: dict[str, tuple[float, float]], speeds: list[Speed],
         observed: list[Observing]) -> list[Bar]:
    """What the project promises, and what was measured."""
    by_name = {row.name: row for row in rows}
    ours, minmax = by_name["qdq minmax"], by_name["quantize_static MinMax"]
    found = [Bar("user CPU of quantize / quantize_static MinMax", ours.user / minmax.user, 0.5),
             Bar("peak memory of quantize / quantize_static MinMax", ours.megabytes / minmax.megabytes, 0.6)]
    if "quantize_static Percentile" in by_name:
        ratio = by_name["qdq percentile"].user / by_name["quantize_static Percentile"].user
        found.append(Bar("user CPU of quantize / quantize_static Percentile, both percentile", ratio, 0.2))
    found += [Bar(f"peak memory, 200 samples / 20 samples, {method}", many / few, 1.05) for method, (few, many) in peaks.items()]
    found += [Bar(f"default statistic / min-max scan, {o.kib} KiB, {o.data}", o.ratio, 0.5, at_least=True) for o in observed]
    return found + speed_bars(speeds)


def speed_bars(speeds: list[Speed]) -> list[Bar]:
    """What is promised of speeds."""
    found = [Bar(f"float speed / onnxruntime's, {s.model}, {s.threads} threads", s.ratio, 0.7, at_least=True)
              for s in speeds if s.model in FAST_ENOUGH and not s.int8]
    found += [Bar(f"int8 speed / onnxruntime's int8, {s.model}, {s.threads} threads", s.ratio, 0.7, at_least=True)
              for s in speeds if s.int8]
    own = {(s.model, s.threads): s.ours for s in speeds if not s.int8}
    found += [Bar(f"int8 speed / our float, {s.model}, {s.threads} threads", own[s.model, s.threads] / s.ours, 2.0, at_least=True)
              for s in speeds if s.int8 and (s.model, s.threads) in own]
    return found


def prepare() -> list[dict[str, str]]:
    """The models that are there, with their data; made by a child, which may be large."""
    return json.loads(measured(helper("bench_prepare.py")).output.splitlines()[-1])


def int8_only(prepared: list[dict[str, str]], rounds: int) -> int:
    """Speeds of int8 models, and the bars they are held to."""
    chosen = [m for m in prepared if m["name"] in INT8]
    speeds = [speed(m, threads, rounds, int8) for m in chosen for threads in (1, 2) for int8 in (False, True)]
    print(bench_report.table(["what", "bar", "measured", ""], bench_report.bar_rows(speed_bars(speeds))))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Speed and memory beside onnxruntime.")
    parser.add_argument("--full", action="store_true", help="all methods and models; writes docs/BENCHMARKS.md")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-speed", action="store_true", help="only quantization")
    parser.add_argument("--int8", action="store_true", help="only the speed of int8 models beside float and onnxruntime's int8")
    args = parser.parse_args()
    prepared = prepare()
    if args.int8:
        return int8_only(prepared, args.rounds)
    names = [model["name"] for model in prepared]
    subject = prepared[names.index("efficientnet-lite0")] if "efficientnet-lite0" in names else prepared[0]
    if subject["name"] != "efficientnet-lite0":
        print(f"skipped efficientnet-lite0 and all other real models: not in {bench_report.MODELS}; "
              "the example takes their place", flush=True)
    rows = quantization(subject, args.full, args.rounds)
    peaks = growth(subject, args.full, args.rounds)
    chosen = [m for m in prepared if args.full or m["name"] in (*FAST_ENOUGH, "fashion")]
    print("float speed", flush=True)
    speeds = [] if args.no_speed else [speed(m, threads, args.rounds) for m in chosen for threads in (1, 2)]
    if not args.no_speed:
        print("int8 speed", flush=True)
        speeds += [speed(m, threads, args.rounds, int8=True) for m in prepared if m["name"] in INT8 for threads in (1, 2)]
    observed = observing()
    command = " ".join(["cargo xtask bench", *sys.argv[1:]])
    report = bench_report.page(command, subject["name"], args.rounds, rows, peaks, speeds, observed,
                               bars(rows, peaks, speeds, observed))
    print(report)
    if args.full and not args.no_speed:
        target = ROOT / "docs" / "BENCHMARKS.md"
        target.parent.mkdir(exist_ok=True)
        target.write_text(report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
