"""Processes: work in one of its own, for what others would hide or never give back, and how much memory one has."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from multiprocessing import get_context, parent_process
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import psutil

from training.common.errors import InputError


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


def run_apart(function: Callable[..., None], **arguments: Any) -> None:
    """Calls a function of a module in a fresh process and waits for it.

    Raises what the function raises, and `ChildProcessError` if the process is killed.

    What Python and its libraries have once held they seldom return to the system: stages that need much memory for
    different things would add up. The process ends with this one, however that ends.
    """
    context = get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    process = context.Process(target=_call, args=(function, arguments, theirs))
    process.start()
    theirs.close()
    try:
        problem = ours.recv()
    except EOFError:
        problem = ChildProcessError("a part of the work was killed; is there too little memory?")
    except BaseException:
        process.terminate()
        raise
    finally:
        process.join()
        ours.close()
    if problem is not None:
        raise problem


def _call(function: Callable[..., None], arguments: dict[str, Any], result: Connection) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        function(**arguments)
    except KeyboardInterrupt:
        os._exit(1)  # the parent has it too, and tells
    except Exception as error:
        result.send(error)
    else:
        result.send(None)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:  # there is one in every process that `run_apart` starts
        parent.join()
    os._exit(1)


def resident_memory() -> int:
    """The bytes of memory that this process has now: its resident pages, anonymous ones and those of files."""
    return int(psutil.Process().memory_info().rss)


def peak_memory() -> int:
    """The most bytes of memory that this process or one it waited for has had, 0 where the system does not tell."""
    try:
        import resource  # not on Windows

        status = Path("/proc/self/status").read_text(encoding="ascii")
    except (ImportError, OSError):
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    kilobytes = max(int(found[1]) if found else 0, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    return 1024 * kilobytes
