"""What all commands share: how they fail, and the options that several of them have."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def failing_in_a_line(*expected: type[Exception]) -> Iterator[None]:
    """Ends the program with exit code 1 and one line on standard error for what whoever gave the command can mend.

    That is any `OSError` or `ValueError` (all errors of ours about something given are one), a package that is missing,
    and what is `expected` beside these. Anything else is a fault of ours and keeps its traceback.
    """
    mendable: tuple[type[Exception], ...] = (OSError, ValueError, ImportError, *expected)
    try:
        yield
    except mendable as error:
        sys.exit(f"error: {error}")


def add_settings(parser: argparse.ArgumentParser, *, example: str) -> None:
    """The settings file, and `--set` to change some of them."""
    parser.add_argument("settings", type=Path, help=f"a TOML file, such as {example}")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting: epochs=2")


def add_device(parser: argparse.ArgumentParser) -> None:
    """`--device`, for `training.common.devices.choose_device`."""
    parser.add_argument("--device", default="auto", help="auto (a GPU if there is one), cpu, cuda, cuda:1, mps")
