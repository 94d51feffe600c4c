"""What was trained and measured, for readers.

python -m training.report card RUN --metrics FILE --model NAME --output FILE    # the model card of a finished run
python -m training.report curve NAME=RUN ... --output FOLDER    # quality against cost, runs side by side
python -m training.report presets NAME=RUN ... --output FILE    # what runs of several presets came to, and took
python -m training.report cost SETTINGS ...    # what training costs, here and elsewhere
python -m training.report exports --output FILE    # what each export costs in size and speed
python -m training.report languages LANGUAGE=FILE ... --output FILE    # the scores of every language in one table
python -m training.report docs DOCUMENT ...    # tables of documents, from what commands wrote
"""

import argparse
from collections.abc import Callable, Sequence
from typing import NamedTuple

from training.common.command import failing_in_a_line
from training.report import card, cost, curve, docs, exports, languages, presets


class _Command(NamedTuple):
    what: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], None]


_COMMANDS = {
    "card": _Command("write the model card of a finished run", card.add_arguments, card.write_card),
    "curve": _Command("quality of runs against what they cost", curve.add_arguments, curve.write_curve),
    "presets": _Command("what runs of several presets came to", presets.add_arguments, presets.write_presets),
    "cost": _Command("measure what training costs", cost.add_arguments, cost.print_costs),
    "exports": _Command(
        "measure what each export costs in size and speed", exports.add_arguments, exports.print_exports
    ),
    "languages": _Command(
        "the scores of every language in one table", languages.add_arguments, languages.write_languages
    ),
    "docs": _Command("bring the tables of documents up to date", docs.add_arguments, docs.write_documents),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one of the commands."""
    parser = argparse.ArgumentParser(
        prog="python -m training.report", description="Show what was trained and measured."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, command in _COMMANDS.items():
        subparser = commands.add_parser(name, help=command.what, description=command.what.capitalize() + ".")
        command.add_arguments(subparser)
        subparser.set_defaults(command=command.run)
    options = parser.parse_args(arguments)
    with failing_in_a_line():
        options.command(options)


if __name__ == "__main__":
    main()
