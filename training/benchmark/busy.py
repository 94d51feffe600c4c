"""The core on one thread and on all, while the machine is idle and while other work wants every core."""

import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from training.benchmark.measured import BusySpeed
from training.benchmark.names import RouteName
from training.benchmark.routes import Route
from training.benchmark.timing import in_turns, words_a_second
from training.common.errors import InputError

_ROUTES = (RouteName.CORE_ONE_THREAD, RouteName.CORE, RouteName.EARLIER_CORE)
_WORDS = 16_000
# Long against the slices of time that processes get in turns.
_SECONDS = 1.0
_LOOP = "print(flush=True)\nwhile True: pass"


def busy_speeds(
    routes: Mapping[str, Route], *, folders: Mapping[str, Path], words: Sequence[str], cores: int, rounds: int
) -> dict[str, BusySpeed]:
    """New words a second of the core's routes: idle, and beside as many busy processes as there are cores."""
    asked = list(words[:_WORDS])
    chosen = [str(name) for name in _ROUTES if name in routes]
    models = {name: routes[name].load(folders[name]) for name in chosen}

    def speed(name: str) -> float:
        return words_a_second(lambda: (len(asked), models[name].seconds(asked)), least=_SECONDS)

    def beside(name: str) -> float:
        with busy_processes(cores):
            return speed(name)

    works: dict[tuple[str, str], Callable[[], float]] = {}
    for name in chosen:
        works["idle", name] = partial(speed, name)
        works["busy", name] = partial(beside, name)
    try:
        spreads = in_turns(works, rounds=rounds)
    finally:
        for model in models.values():
            model.close()
    return {name: BusySpeed(idle=spreads["idle", name], busy=spreads["busy", name]) for name in chosen}


@contextmanager
def busy_processes(number: int) -> Iterator[None]:
    """So many processes that compute without a pause, and have begun."""
    processes = [subprocess.Popen([sys.executable, "-c", _LOOP], stdout=subprocess.PIPE) for _ in range(number)]
    try:
        for process in processes:
            assert process.stdout is not None  # it is a pipe
            if not process.stdout.readline():
                raise InputError("a process that only keeps a core busy could not be started")
        yield
    finally:
        for process in processes:
            process.kill()
            process.communicate()
