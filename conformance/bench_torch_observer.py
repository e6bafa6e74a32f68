"""Our default statistic beside torch's HistogramObserver, one thread.

Run by hand with a Python that has torch: `python conformance/bench_torch_observer.py`. The numbers are those of
`cargo bench -p qdq --bench statistic`: normal, relu-like and uniform, 64 KiB to 64 MiB.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import torch
from torch.ao.quantization.observer import HistogramObserver

ROOT = Path(__file__).resolve().parent.parent
BUDGET_SECONDS = 2.0
N_BATCHES = 8


def ours() -> list[dict[str, float]]:
    command = ["cargo", "bench", "--quiet", "--package", "qdq", "--bench", "statistic", "--", "--json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])["rows"]


def batches(name: str, n: int) -> list[torch.Tensor]:
    """Several batches whose ranges differ a little, as those of real data do: the histogram has to follow."""
    generator = torch.Generator().manual_seed(1)
    made = []
    for _ in range(N_BATCHES):
        values = torch.rand(n, generator=generator) if name == "uniform" else torch.randn(n, generator=generator)
        made.append(values.relu() if name == "relu" else values)
    return made


def theirs(name: str, kib: int) -> float:
    """Values a nanosecond, the shortest of many runs."""
    data = batches(name, kib * 256)
    observer = HistogramObserver()
    best, begin, idx = float("inf"), time.perf_counter(), 0
    while time.perf_counter() - begin < BUDGET_SECONDS or idx <= N_BATCHES:
        start = time.perf_counter()
        observer(data[idx % N_BATCHES])
        best = min(best, time.perf_counter() - start)
        idx += 1
    return kib * 256 / best / 1e9


def main() -> int:
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, values a nanosecond")
    for row in ours():
        torch_speed = theirs(row["data"], int(row["kib"]))
        print(f"{row['data']:8} {row['kib']:6} KiB: qdq {row['observe']:6.3f}  HistogramObserver {torch_speed:7.4f}  "
              f"x{row['observe'] / torch_speed:.0f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
