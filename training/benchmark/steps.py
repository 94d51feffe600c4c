"""A process that runs pieces of Python, its arguments, one after the other.

    python -P training/benchmark/steps.py "import numpy" "numpy.ones(3)"

It is run as a file and imports nothing but the standard library's smallest modules, so that time and memory are those
of the pieces. After each it prints the seconds that the piece took and waits for a line: whoever started it looks at
its memory then.
"""

import sys
import time


def main() -> None:
    """The command."""
    names: dict[str, object] = {}
    for step in sys.argv[1:]:
        started = time.perf_counter()
        exec(step, names)
        print(time.perf_counter() - started, flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    main()
