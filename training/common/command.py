"""What all commands share: how they fail, and the options that several of them have."""

import argparse
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from beast_core.model_files import CONFIG_FILE, listing
from training.common.errors import InputError


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


def add_sets(parser: argparse.ArgumentParser, *, language: str) -> None:
    """`--data` and `--language`, for which evaluation sets are used; `language` is what that does."""
    parser.add_argument(
        "--data",
        nargs="+",
        type=Path,
        default=[],
        metavar="FOLDER",
        help="evaluation sets beside those of the project: all of these folders that are there; a set that several "
        "have is taken from the first",
    )
    parser.add_argument("--language", default="es", help=f"code of the language: {language} (es)")


def check_output(path: Path, *, option: str) -> None:
    """Before anything takes its time: whether a folder can be made there. Raises `InputError`."""
    there = next(each for each in (path, *path.resolve().parents) if each.exists() or each.is_symlink())
    if not there.is_dir():
        file = "" if there == path else f": {there}"
        raise InputError(f"{option} {path}{file} is a file, expected a folder or nothing")


def check_model_output(path: Path, *, option: str) -> None:
    """The same of a folder that a model is written to, which takes the place of an older one, but of nothing else."""
    check_output(path, option=option)
    if path.is_dir() and any(path.iterdir()) and not (path / CONFIG_FILE).is_file():
        raise InputError(
            f"{option} {path} holds {listing(path)}, expected an older model or nothing: name another folder"
        )


def positive(text: str) -> float:
    """A type of options: a finite number above 0."""
    number = float(text)
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is no number above 0")
    return number


def count(text: str) -> int:
    """A type of options: a whole number above 0."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is no whole number above 0")
    return number
