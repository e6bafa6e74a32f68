"""Where things lie. Standard library only: the benchmark driver must stay small."""

import os
from pathlib import Path

ROOT: Path = Path(__file__).resolve().parent.parent
EXAMPLE: Path = ROOT / "examples" / "fashion"
WORK: Path = ROOT / "target" / "conformance"


def shared_models() -> Path:
    """The folder of the real models: beside the checkout, or where QDQ_SHARED says."""
    shared = os.environ.get("QDQ_SHARED")
    return (Path(shared) if shared else ROOT.parent / "shared") / "models"


def binary() -> Path:
    """The `qdq` under test: QDQ, or the release build."""
    return Path(os.environ.get("QDQ", ROOT / "target" / "release" / "qdq"))
