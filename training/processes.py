"""Modules of ours run in a process of their own, for what a process that has done other things would hide."""

import os
import subprocess
import sys
from collections.abc import Sequence

from training.evalsets import InputError


def run_fresh(module: str, *, arguments: Sequence[str], what: str, text: str = "") -> list[str]:
    """The lines that `python -m module arguments` prints, given `text` on its standard input.

    Looks for modules where this process does, and asks no hub. Raises `InputError` with `what` cannot be measured, and
    the last line of what went wrong.
    """
    done = subprocess.run(
        [sys.executable, "-P", "-m", module, *arguments],
        input=text,
        capture_output=True,
        encoding="utf-8",
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "PYTHONIOENCODING": "utf-8",
            "HF_HUB_OFFLINE": "1",
        },
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["killed; is there too little memory?"])[-1]
        raise InputError(f"{what} cannot be measured (exit code {done.returncode}): {reason}")
    return done.stdout.splitlines()
