"""The benchmark's page: what was measured, on what, and which bars are met. Standard library only."""

import os
import platform
import subprocess
from dataclasses import dataclass
from datetime import date
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from places import ROOT, shared_models

MODELS = shared_models()
FLAGS = ("avx2", "fma", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "asimddp", "i8mm")


@dataclass(frozen=True)
class Quantization:
    """Medians of one way to quantize."""

    name: str
    user: float
    imports: float
    wall: float
    megabytes: float


@dataclass(frozen=True)
class Speed:
    """Medians of one run, milliseconds."""

    model: str
    threads: int
    ours: float
    theirs: float
    int8: bool = False

    @property
    def form(self) -> str:
        return "int8" if self.int8 else "float"

    @property
    def ratio(self) -> float:
        """Our speed as a part of theirs."""
        return self.theirs / self.ours


@dataclass(frozen=True)
class Observing:
    """Values a nanosecond, best of many runs, by the default statistic and by a min-max scan."""

    data: str
    kib: int
    observe: float
    min_max: float

    @property
    def ratio(self) -> float:
        """Speed of the statistic as a part of the scan's."""
        return self.observe / self.min_max


@dataclass(frozen=True)
class Bar:
    """A promise: a ratio, at most (or at least) its limit."""

    what: str
    value: float
    limit: float
    at_least: bool = False

    @property
    def met(self) -> bool:
        return self.value >= self.limit if self.at_least else self.value <= self.limit


def cpu() -> str:
    """Model, cores and the instruction sets that matter."""
    try:
        info = Path("/proc/cpuinfo").read_text()
    except OSError:
        return f"{platform.processor()}, {os.cpu_count()} cores"
    fields = dict(line.split(":", 1) for line in info.split("\n\n")[0].splitlines() if ":" in line)
    fields = {name.strip(): value.strip() for name, value in fields.items()}
    present = set((fields.get("flags") or fields.get("Features") or "").split())
    name = fields.get("model name", platform.machine())
    family = f"family {fields.get('cpu family')} model {fields.get('model')}"
    return f"{name} ({family}), {os.cpu_count()} cores, {' '.join(flag for flag in FLAGS if flag in present)}"


def commit() -> str:
    done = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def packages() -> str:
    found = []
    for name in ("onnxruntime", "onnx", "numpy"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def bar_rows(bars: list[Bar]) -> list[list[str]]:
    return [[bar.what, f"{'≥' if bar.at_least else '≤'} {bar.limit:g}", f"{bar.value:.3f}", "met" if bar.met else "**missed**"]
            for bar in bars]


def quantization_rows(rows: list[Quantization]) -> list[list[str]]:
    base = next(row for row in rows if row.name == "quantize_static MinMax")
    return [[row.name, f"{row.user:.2f}", f"{row.imports:.2f}" if row.imports else "", f"{row.wall:.2f}",
             f"{row.megabytes:.0f}", f"{row.user / base.user:.2f}", f"{row.megabytes / base.megabytes:.2f}"] for row in rows]


def page(command: str, model: str, rounds: int, rows: list[Quantization], peaks: dict[str, tuple[float, float]], speeds: list[Speed],
         observed: list[Observing], bars: list[Bar]) -> str:
    """The whole page as Markdown."""
    memory = [[method, f"{few:.1f}", f"{many:.1f}", f"{many / few:.3f}"] for method, (few, many) in peaks.items()]
    times, int8_times = ([[s.model, str(s.threads), f"{s.ours:.3f}", f"{s.theirs:.3f}", f"{s.ratio:.2f}"]
                          for s in speeds if s.int8 == int8] for int8 in (False, True))
    statistics = [[o.data, str(o.kib), f"{o.observe:.2f}", f"{o.min_max:.2f}", f"{o.ratio:.2f}"] for o in observed]
    return f"""# Benchmarks

Made by `{command}` on {date.today().isoformat()} at commit {commit()}.

- Machine: {cpu()}; {platform.system()} {platform.release()}, Python {platform.python_version()}, {packages()}.
- Every figure is the median of {rounds} rounds; in each round all contestants run once, in turn, each in its own process.
- Times depend on what else the machine does; the ratios within one run are what to compare.

## Bars

{table(["what", "bar", "measured", ""], bar_rows(bars))}

## Quantizing {model}

The same 100 samples (256 for the example) out of the same `.npz`, read row by row on both sides. `quantize_static`: QDQ,
uint8 activations, int8 weights per channel, model prepared by `quant_pre_process` beforehand (not counted). Its user CPU
includes importing Python packages, shown beside it. The last two columns are ratios to quantize_static MinMax.

{table(["", "user CPU, s", "of it imports, s", "wall, s", "peak memory, MB", "CPU ratio", "memory ratio"], quantization_rows(rows))}

## Peak memory of `qdq quantize` and the number of samples

{table(["calibration", "20 samples, MB", "200 samples, MB", "ratio"], memory)}

## Observing

The default statistic and a vectorized min-max scan of the same memory, one thread, values a nanosecond. The statistic
raises a counter for each value, at most one a cycle; the scan takes a whole register a cycle as long as a cache feeds it.

{table(["data", "KiB", "statistic", "min-max scan", "ratio"], statistics)}

## Float speed

One sample, milliseconds; speed is onnxruntime's time divided by ours.

{table(["model", "threads", "qdq", "onnxruntime", "speed"], times)}

## Int8 speed

Models that `qdq quantize` made, one sample, milliseconds: `qdq bench --profile ort-x64`, whose integers are onnxruntime's,
beside onnxruntime.

{table(["model", "threads", "qdq", "onnxruntime", "speed"], int8_times)}
"""
