"""Models that are measured in a process of their own, as their code or their settings differ from this process's."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from training.benchmark.loaded import Timed
from training.common.errors import InputError

ROOT = Path(__file__).resolve().parents[2]


def apart_environment(packages: Path, *, settings: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a process that finds `beast_core` and the like in the folder `packages`."""
    search = [str(packages), *(path for path in sys.path if path)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(search), "HF_HUB_OFFLINE": "1", **(settings or {})}


class Apart(Timed):
    """The shipped model, computed by the `beast_core` in the folder `packages`, in a process that measures itself.

    What it takes to send words there is not measured. The process ends with `close`, or with this one. Raises
    `InputError` if it cannot be started, or takes `beast_core` from elsewhere.
    """

    def __init__(self, packages: Path, *, settings: Mapping[str, str] | None = None) -> None:
        script = Path(__file__).with_name("answering.py")
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env=apart_environment(packages, settings=settings) | {"PYTHONIOENCODING": "utf-8"},
        )
        found = Path(self._answer())
        if not found.is_relative_to(packages.resolve()):
            self.close()
            raise InputError(f"beast_core was found at {found}, expected it below {packages}")

    def seconds(self, words: Sequence[str]) -> float:
        """See `Timed.seconds`."""
        (seconds,) = self._ask(words, alone=False)
        return seconds

    def seconds_alone(self, words: Sequence[str]) -> list[float]:
        """See `Timed.seconds_alone`."""
        return self._ask(words, alone=True)

    def close(self) -> None:
        """See `Timed.close`."""
        self._process.communicate()

    def _ask(self, words: Sequence[str], *, alone: bool) -> list[float]:
        assert self._process.stdin is not None  # it is a pipe
        self._process.stdin.write(json.dumps({"words": list(words), "alone": alone}) + "\n")
        self._process.stdin.flush()
        answer: list[float] = self._answer()
        return answer

    def _answer(self) -> Any:
        assert self._process.stdout is not None  # it is a pipe
        if not (line := self._process.stdout.readline()):
            self.close()
            raise InputError("the process that measures beast_core has ended; what it said is above")
        return json.loads(line)
