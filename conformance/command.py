"""Calling the `qdq` command."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from checks import CommandFailed
from places import binary

Outputs = dict[str, np.ndarray]

TIMEOUT_SECONDS = 900


def call(*args: str | Path, env: dict[str, str] | None = None) -> str:
    """Runs `qdq` with `args` and gives its standard output; raises with its message when it fails."""
    line = [str(binary()), *map(str, args)]
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=TIMEOUT_SECONDS,
                              env={**os.environ, **(env or {})}, check=False)
    except subprocess.TimeoutExpired:
        raise CommandFailed(f"no end after {TIMEOUT_SECONDS} s: {' '.join(line)}") from None
    except OSError as error:
        raise CommandFailed(f"cannot start {line[0]}: {error}") from None
    if done.returncode != 0:
        message = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise CommandFailed(f"exit code {done.returncode} of {' '.join(line)}\n    {message}")
    return done.stdout


def quantize(model: Path, data: Path, out: Path, *options: str) -> dict[str, Any]:
    """`qdq quantize` with default options; its report."""
    out.unlink(missing_ok=True)
    return json.loads(call("quantize", model, "--data", data, "-o", out, "--json", *options))


def convert(model: Path, out: Path) -> None:
    """`qdq convert`: read and write untouched."""
    out.unlink(missing_ok=True)
    call("convert", model, out)


def run(model: Path, data: Path, out: Path) -> list[Outputs]:
    """`qdq run`: for rows (one .npz) one group of outputs, for a folder of .npz one group a file."""
    if data.is_dir():
        return [run_file(model, file, out.with_suffix("") / file.name) for file in sorted(data.glob("*.npz"))]
    return [run_file(model, data, out)]


def run_file(model: Path, data: Path, out: Path) -> Outputs:
    out.parent.mkdir(parents=True, exist_ok=True)
    out.unlink(missing_ok=True)
    call("run", model, "--data", data, "-o", out)
    with np.load(out) as arrays:
        return {name: arrays[name] for name in arrays.files}
