"""Counting checks, and the line in which a script tells its result to `cargo xtask test`."""

import sys
import traceback
from collections.abc import Callable


class Checks:
    """Passed, failed and skipped checks of one script."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0
        self.skipped = 0

    def check(self, ok: bool, what: str) -> bool:
        """Counts one check and prints it when it failed."""
        if ok:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {what}", flush=True)
        return ok

    def skip(self, what: str, reason: str) -> None:
        self.skipped += 1
        print(f"skipped {what}: {reason}", flush=True)

    def guard(self, what: str, action: Callable[[], None]) -> None:
        """Runs checks; an exception is one failed check, and the next model still gets its turn."""
        try:
            action()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is a failure to report
            self.check(False, f"{what}: {last_line(error)}")
            if not isinstance(error, CommandFailed):
                traceback.print_exc(file=sys.stdout)

    def finish(self) -> int:
        """Prints the line that is read by the caller and gives the exit code."""
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped", flush=True)
        return 1 if self.failed else 0


class CommandFailed(Exception):
    """A command of ours failed; its message says all there is to say."""


def last_line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".strip()
