"""Resident memory that a model adds to a process, measured in a fresh process for each model.

    python -m training.evaluate.memory MODEL < words.txt

prints how many bytes. In a process that has held another model, memory given back by that one would hide what the next
takes.

Counted are the resident pages (RSS), anonymous and of files, after loading the model and embedding the words, less
those after the imports of this module and of `ModelSource.libraries`. So a memory-mapped file counts as far as it has
been read, and so does what the libraries import or set aside when they are first used. What was given back to the
system before the end, a peak while loading, does not count.
"""

import argparse
import gc
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module

from training.common.command import failing_in_a_line
from training.common.processes import resident_memory, run_fresh
from training.vectors.find import ModelSource, find_model


def resident_bytes_added(source: ModelSource, *, words: Sequence[str]) -> int:
    """Bytes that loading a model and embedding words adds to a fresh process. Raises `InputError` if it fails there."""
    what = f"the memory of {source.name}"
    return int(run_fresh("training.evaluate.memory", arguments=[source.given], what=what, text="\n".join(words))[-1])


def main(arguments: Sequence[str] | None = None) -> None:
    """The command: measures in this process, which must be a fresh one."""
    parser = argparse.ArgumentParser(prog="python -m training.evaluate.memory", description="Memory a model adds.")
    parser.add_argument("model", metavar="MODEL", help="as for python -m training.evaluate")
    options = parser.parse_args(arguments)
    with failing_in_a_line():
        source = find_model(options.model)
        words = sys.stdin.read().split()
        for library in source.libraries:
            with suppress(ImportError):  # a model that needs it says so when it is loaded
                import_module(library)
        gc.collect()
        before = resident_memory()
        model = source.load()
        model.lookup(words)
        print(resident_memory() - before)


if __name__ == "__main__":
    main()
