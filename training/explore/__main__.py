"""Shows what a model makes of a list of words: one HTML file that needs nothing else, not even a network.

    python -m training.explore words.txt --model de --output report.html

A map of the words, the neighbours of each, clusters, a search, and how many of the nearest neighbours smaller vectors
find. At most 3,000 words are shown (`--limit`): of a longer list the first ones.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from beast_core.files import write_file
from training.common.command import count, failing_in_a_line
from training.common.errors import InputError
from training.explore.analysis import MOST_CLUSTERS, analyse
from training.explore.page import make_page
from training.explore.word_file import FEWEST_WORDS, read_words
from training.vectors.find import find_model

LIMIT = 3000


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.explore", description="Show a list of words as a report.")
    parser.add_argument("words", type=Path, help="a UTF-8 text file, one word or name a line")
    parser.add_argument(
        "--model",
        default="shipped",
        help="a language that a model comes for, such as de, or anything that training.evaluate takes (shipped)",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FILE.html", help="the report")
    parser.add_argument("--title", help="of the report; the name of the file of words if not given")
    parser.add_argument(
        "--clusters", type=count, help=f"how many, 2 to {MOST_CLUSTERS}; by the number of words if not given"
    )
    parser.add_argument(
        "--limit", type=count, default=LIMIT, help=f"how many words are shown at most ({LIMIT:,}); more take minutes"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Reads, looks, and writes the report."""
    options = _parser().parse_args(arguments)
    with failing_in_a_line():
        if options.clusters is not None and not 2 <= options.clusters <= MOST_CLUSTERS:
            raise InputError(f"--clusters is {options.clusters}, expected 2 to {MOST_CLUSTERS}")
        if options.output.is_dir() or not options.output.parent.is_dir():
            raise InputError(f"--output {options.output} cannot be written, expected a file in a folder that is there")
        words = read_words(options.words)
        source = find_model(options.model)
        vectors, known = source.load().lookup(words)
        vectors, words = vectors[known], [word for word, is_known in zip(words, known, strict=True) if is_known]
        if len(words) < FEWEST_WORDS:
            raise InputError(f"{source.name} knows {len(words)} of the words, expected at least {FEWEST_WORDS}")
        notes = _notes(unknown=int((~known).sum()), left_out=len(words) - options.limit, limit=options.limit)
        for note in notes:
            print(note, file=sys.stderr)
        found = analyse(words[: options.limit], vectors=vectors[: options.limit], clusters=options.clusters)
        page = make_page(found, title=options.title or options.words.stem, model=source.name, notes=notes)
        write_file(options.output, page)
    print(f"report: {options.output.resolve()}")


def _notes(*, unknown: int, left_out: int, limit: int) -> list[str]:
    notes = [f"The model does not know {unknown:,} words of the list: they are left out."] if unknown else []
    if left_out > 0:
        notes.append(f"The list is longer: the first {limit:,} words are shown, and {left_out:,} are left out.")
    return notes


if __name__ == "__main__":
    main()
