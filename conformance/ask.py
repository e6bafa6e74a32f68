"""Asking our formulas: `cargo run --example formulas` answers one request a line."""

import json
import subprocess
from typing import Any

import numpy as np

from places import ROOT

Request = dict[str, Any]


def bits(values: Any) -> list[int]:
    """The bits of f32 numbers."""
    return np.ascontiguousarray(values, np.float32).reshape(-1).view(np.uint32).tolist()


def ask(requests: list[Request]) -> list[Request]:
    """The answers of our formulas."""
    command = ["cargo", "run", "--quiet", "--package", "qdq", "--example", "formulas"]
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run(command, input=lines, capture_output=True, text=True, cwd=ROOT, check=False)
    if done.returncode != 0:
        raise SystemExit(f"the example `formulas` failed:\n{done.stderr[-3000:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]
