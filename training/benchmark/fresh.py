"""Load time and memory of one route, in a process of its own.

    python -m training.benchmark.fresh "beast_core" FOLDER

prints JSON: seconds from the import of the host (torch, and spaCy or sentence-transformers) to the first vector, and
the bytes of resident memory that this adds. What the route imports beside its host counts.
"""

import gc
import json
import sys
import time
from importlib import import_module
from pathlib import Path

from training.common.processes import resident_memory, run_fresh


def measure_fresh(name: str, *, folder: Path) -> dict[str, float]:
    """`load_seconds` and `resident_bytes` of a route. Raises `InputError` if it fails."""
    return json.loads(run_fresh("training.benchmark.fresh", arguments=[name, str(folder)], what=name)[-1])


def main() -> None:
    """The command, for a fresh process."""
    name, folder = sys.argv[1:]
    from training.benchmark.routes import find_route

    route = find_route(name)
    for module in route.host:
        import_module(module)
    gc.collect()
    before = resident_memory()
    started = time.perf_counter()
    embed = route.load(Path(folder))
    embed(["palabra"])
    loaded = time.perf_counter()
    measured = {
        "load_seconds": loaded - started,
        "resident_bytes": resident_memory() - before,  # while `embed` is there
    }
    print(json.dumps(measured))


if __name__ == "__main__":
    main()
