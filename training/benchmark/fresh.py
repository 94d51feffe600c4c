"""Load time and memory of one route, in a process of its own.

    python -m training.benchmark.fresh "beast_core" FOLDER

prints JSON: seconds from the import of the host (torch, and spaCy or sentence-transformers) to the first vector, and
the bytes of resident memory that this adds. What the route imports beside its host counts.
"""

import gc
import json
import sys
import time
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

from training.benchmark.routes import find_route
from training.common.processes import resident_memory, run_fresh


@dataclass(frozen=True)
class Start:
    """One start: seconds to the first vector, and the bytes of resident memory that were added."""

    load_seconds: float
    resident_bytes: int


def measure_fresh(name: str, *, folder: Path) -> Start:
    """One start of a route in a fresh process. Raises `InputError` if it fails."""
    return Start(**json.loads(run_fresh("training.benchmark.fresh", arguments=[name, str(folder)], what=name)[-1]))


def main() -> None:
    """The command, for a fresh process."""
    name, folder = sys.argv[1:]
    route = find_route(name)
    for module in route.host:
        import_module(module)
    gc.collect()
    before = resident_memory()
    started = time.perf_counter()
    model = route.load(Path(folder))
    model.seconds(["palabra"])
    loaded = time.perf_counter()
    print(json.dumps(asdict(Start(loaded - started, resident_memory() - before))))  # while `model` is there


if __name__ == "__main__":
    main()
