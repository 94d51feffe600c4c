"""Measures what the guides of applications say in numbers.

python -m training.applications threshold --language es --output FILE.md    # from which cosine on words are near
python -m training.applications spelling --language es --output FILE.md     # the word that was meant, of 50,000
python -m training.applications names --language es --output FILE.md        # names of several words
python -m training.applications index --words 1000000 --output FILE.md      # nearest words, and an index
"""

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from beast_core.files import write_file
from training.applications import index, names, spelling, threshold
from training.common.command import failing_in_a_line


class _Command(NamedTuple):
    what: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    measure: Callable[[argparse.Namespace], str]


_COMMANDS = {
    "threshold": _Command(
        "what is near a keyword, by the cosine asked for", threshold.add_arguments, threshold.measure_thresholds
    ),
    "spelling": _Command("find the word that was meant", spelling.add_arguments, spelling.measure_spelling),
    "names": _Command("find names that were written otherwise", names.add_arguments, names.measure_names),
    "index": _Command("find nearest words exactly and by an index", index.add_arguments, index.measure_index),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one of the commands, writes its table and prints it."""
    parser = argparse.ArgumentParser(prog="python -m training.applications", description="Measure applications.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command in _COMMANDS.items():
        subparser = commands.add_parser(name, help=command.what, description=command.what.capitalize() + ".")
        command.add_arguments(subparser)
        subparser.add_argument("--output", type=Path, required=True, metavar="FILE.md", help="where the table goes")
        subparser.set_defaults(measure=command.measure)
    options = parser.parse_args(arguments)
    with failing_in_a_line():
        table = options.measure(options)
        options.output.parent.mkdir(parents=True, exist_ok=True)
        write_file(options.output, table)
    print(table, end="")


if __name__ == "__main__":
    main()
