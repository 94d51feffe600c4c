"""Ctrl-C and SIGTERM during a training: they are noted, and the run stops between two steps with all of it saved."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType


class Interrupted(Exception):
    """The run was asked to stop and has saved a checkpoint."""


@dataclass
class StopRequest:
    """Whether a signal has asked this process to stop."""

    made: bool = False


@contextmanager
def noted_signals() -> Iterator[StopRequest]:
    """Notes SIGINT and SIGTERM instead of obeying them, until the end of the block. Main thread only."""
    request = StopRequest()

    def note(number: int, frame: FrameType | None) -> None:
        request.made = True

    handlers = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield request
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
