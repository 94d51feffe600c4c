"""What whole fresh processes take, as somebody has them who has not installed torch: seconds, and resident memory."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from training.benchmark.apart import ROOT, apart_environment
from training.benchmark.measured import ProcessStart
from training.benchmark.names import StartName
from training.benchmark.timing import Spread
from training.common.errors import InputError

_CORE = "from beast_core import load_encoder; vector = load_encoder().encode_word('palabra')"
# The core must not import torch even where it is installed.
_NO_TORCH = "import sys; assert 'torch' not in sys.modules, 'torch was imported'"
# An import of torch fails after this as where it is not installed, and looking for it finds nothing: thinc, which would
# import it wherever it is, goes on without it.
_HIDE_TORCH = "import sys; sys.modules['torch'] = None"
_HIDDEN = "from thinc.compat import has_torch; assert not has_torch"
# A pipeline imports what packages beside spaCy register for it: one of spaCy alone is made without ours.
_ALONE = "import spacy; spacy.util.registry._entry_point_factories.entry_points = False"
_BLANK = "nlp = spacy.blank('es'); vector = nlp('palabra')[0].vector"
_BEAST = _BLANK.replace("; ", "; nlp.add_pipe('beast_vectors'); ") + "; assert vector.any()"


@dataclass(frozen=True)
class Steps:
    """The step of a process that is measured, what it runs `before` and `after` that, and where its packages are."""

    measured: str
    before: Sequence[str] = ()
    after: Sequence[str] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    packages: Path = ROOT


STEPS = {
    StartName.PYTHON: Steps("pass"),
    StartName.NUMPY: Steps("import numpy"),
    StartName.CORE: Steps(_CORE, after=[_NO_TORCH]),
    StartName.CORE_NUMPY: Steps(_CORE, after=[_NO_TORCH], settings={"BEAST_KERNEL": "numpy"}),
    StartName.SPACY: Steps("import spacy", before=[_HIDE_TORCH], after=[_HIDDEN]),
    StartName.SPACY_BLANK: Steps(_BLANK, before=[_HIDE_TORCH, _ALONE]),
    StartName.SPACY_BEAST: Steps(_BEAST, before=[_HIDE_TORCH, "import spacy"]),
}


def measure_starts(*, rounds: int, earlier: Path | None = None) -> dict[StartName, ProcessStart]:
    """Every start, over so many rounds in turns; that of the core in the folder `earlier` too. Raises `InputError`."""
    steps = dict(STEPS)
    if earlier is not None:
        steps[StartName.EARLIER_CORE] = Steps(_CORE.replace("_word('palabra')", "(['palabra'])"), packages=earlier)
    found: dict[StartName, list[tuple[float, int, int]]] = {name: [] for name in StartName if name in steps}
    for _ in range(rounds):
        for name, every in found.items():
            every.append(_start(name, steps[name]))
    return {
        name: ProcessStart(*(Spread.of(values) for values in zip(*every, strict=True))) for name, every in found.items()
    }


def _start(name: StartName, steps: Steps) -> tuple[float, int, int]:
    """Seconds of the step that is measured, bytes of memory that it added, and bytes that the process then has."""
    # A step before the first, so that there is always one to compare with.
    before, after = ["pass", *steps.before], list(steps.after)
    process = subprocess.Popen(
        [sys.executable, "-P", str(Path(__file__).with_name("steps.py")), *before, steps.measured, *after],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=apart_environment(steps.packages, settings=steps.settings),
    )
    assert process.stdout is not None and process.stdin is not None  # they are pipes
    seconds, resident = [], []
    for line in iter(process.stdout.readline, ""):
        seconds.append(float(line))
        resident.append(int(psutil.Process(process.pid).memory_info().rss))
        process.stdin.write("\n")
        process.stdin.flush()
    _, error = process.communicate()
    if process.returncode:
        raise InputError(f"{name} cannot be measured: {(error.strip().splitlines() or ['it was killed'])[-1]}")
    place = len(before)
    return seconds[place], resident[place] - resident[place - 1], resident[place]
