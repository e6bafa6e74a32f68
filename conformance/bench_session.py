"""Median milliseconds of one run in onnxruntime: MODEL DATA THREADS RUNS."""

import json
import statistics
import sys
import time
from pathlib import Path

import models
import runtime

N_WARM_UP = 3


def main() -> int:
    model, data, threads, n_runs = sys.argv[1:]
    feed = next(models.feeds(Path(data)))
    step = runtime.step(runtime.session(Path(model), threads=int(threads)))
    times = []
    for _ in range(N_WARM_UP + int(n_runs)):
        begin = time.perf_counter()
        step(feed)
        times.append(time.perf_counter() - begin)
    print(json.dumps({"median_ms": statistics.median(times[N_WARM_UP:]) * 1000}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
