"""Calling the `qdq` command."""

import json
import os
import shutil
import subprocess
import tempfile
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


def error(*args: str | Path) -> str:
    """The message of `qdq` with `args`; raises when it succeeds."""
    try:
        call(*args)
    except CommandFailed as failed:
        return str(failed)
    raise CommandFailed(f"no error from qdq {' '.join(map(str, args))}")


def quantize(model: Path, data: Path, out: Path, *options: str) -> dict[str, Any]:
    """`qdq quantize` with default options; its report."""
    out.unlink(missing_ok=True)
    return json.loads(call("quantize", model, "--data", data, "-o", out, "--json", *options))


def convert(model: Path, out: Path) -> None:
    """`qdq convert`: read and write untouched."""
    out.unlink(missing_ok=True)
    call("convert", model, out)


def run(model: Path, data: Path, out: Path, *options: str) -> list[Outputs]:
    """`qdq run`: for rows (one .npz) the outputs of all, for a folder of feeds those of each file."""
    if not data.is_dir():
        return [run_once(model, data, out, *options)]
    found: dict[Path, Outputs] = {}
    for group in of_one_shape(sorted(data.glob("*.npz"))):
        with tempfile.TemporaryDirectory(dir=out.parent) as folder:
            for file in group:
                shutil.copy(file, folder)
            together = run_once(model, Path(folder), out, *options)
        for idx, file in enumerate(group):
            found[file] = {name: array[idx] for name, array in together.items()}
    return [found[file] for file in sorted(found)]


def of_one_shape(files: list[Path]) -> list[list[Path]]:
    """Files in groups of equal shapes: one .npz of outputs holds one shape."""
    groups: dict[tuple[tuple[int, ...], ...], list[Path]] = {}
    for file in files:
        with np.load(file) as arrays:
            groups.setdefault(tuple(arrays[name].shape for name in arrays.files), []).append(file)
    return list(groups.values())


def run_once(model: Path, data: Path, out: Path, *options: str) -> Outputs:
    out.unlink(missing_ok=True)
    call("run", model, "--data", data, "-o", out, *labels_option(data), *options)
    with np.load(out) as arrays:
        return {name: arrays[name] for name in arrays.files}


def labels_option(data: Path) -> list[str]:
    """Names the array that is no input of the model, where there is one."""
    if data.is_dir():
        return []
    with np.load(data) as arrays:
        return ["--labels", "labels"] if "labels" in arrays.files else []
