"""Work that several threads share, each taking the next part when it has finished one.

Threads are started for the call and end with it: nobody waits in a loop, nothing is left behind that a fork would miss,
and on a busy machine a thread that is kept waiting holds up no more than its own part.
"""

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import cache


@cache
def available_threads() -> int:
    """How many threads a call takes at most: OMP_NUM_THREADS if that is set, else as many as this process has cores."""
    limit = os.environ.get("OMP_NUM_THREADS", "")
    if limit.isdecimal() and int(limit):
        return int(limit)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def split(number: int, *, size: int) -> list[slice]:
    """Parts of at most `size` of so many things.

    >>> split(5, size=2)
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    return [slice(start, min(start + size, number)) for start in range(0, number, size)]


def in_threads(work: Callable[[slice], None], *, parts: Sequence[slice], threads: int) -> None:
    """Does the work of all parts, in the calling thread and in up to `threads` - 1 others.

    Raises the first error that any of it raised; the parts that were not begun by then are left out.
    """
    left, errors = iter(parts), list[BaseException]()
    helpers = [threading.Thread(target=_take, args=(work, left, errors)) for _ in range(min(threads, len(parts)) - 1)]
    for helper in helpers:
        helper.start()
    _take(work, left, errors)
    for helper in helpers:
        helper.join()
    if errors:
        raise errors[0]


def _take(work: Callable[[slice], None], left: Iterable[slice], errors: list[BaseException]) -> None:
    # An iterator over a list gives each part to one thread alone: taking the next one is one step of the interpreter.
    for part in left:
        if errors:
            return
        try:
            work(part)
        except BaseException as error:  # an interrupt too ends the work of all
            errors.append(error)
