"""Shows what a model makes of a list of words: one HTML file that needs nothing else, not even a network.

    python -m training.explore words.txt --model de --output report.html

A map of the words, the neighbours of each, clusters, a search, and how many of the nearest neighbours smaller vectors
find. At most 3,000 words are shown (`--limit`): of a longer list the first ones. Without a list, the everyday words
that the record of the model's language has for its map.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from beast_core.files import write_file
from training.common.command import check_output, count, failing_in_a_line
from training.common.errors import InputError
from training.explore.analysis import MOST_CLUSTERS, analyse
from training.explore.page import make_page
from training.explore.word_file import FEWEST_WORDS, read_words
from training.languages import read_language
from training.vectors import WordVectors
from training.vectors.find import find_model

LIMIT = 3000


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training.explore", description="Show a list of words as a report.")
    parser.add_argument(
        "words",
        nargs="?",
        type=Path,
        help="a UTF-8 text file, one word or name a line; everyday words of the model's language if not given",
    )
    parser.add_argument(
        "--model",
        default="shipped",
        help="a language that a model comes for, such as de, or anything that training.evaluate takes (shipped)",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FILE.html", help="the report")
    parser.add_argument("--title", help="of the report; what the words are if not given")
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
        if options.limit < FEWEST_WORDS:
            raise InputError(f"--limit is {options.limit}, expected at least {FEWEST_WORDS}")
        if options.clusters is not None and not 2 <= options.clusters <= MOST_CLUSTERS:
            raise InputError(f"--clusters is {options.clusters}, expected 2 to {MOST_CLUSTERS}")
        if options.output.is_dir():
            raise InputError(f"--output {options.output} is a folder, expected a file, such as report.html")
        check_output(options.output.parent, option="--output")
        given = read_words(options.words) if options.words else None
        source = find_model(options.model)
        model = source.load()
        if given is None:
            language = read_language(model.language)
            given, title = language.map_words, f"Everyday {language.name} words"
        else:
            title = options.words.stem
        page = _page(given, model=model, name=source.name, title=title, options=options)
        options.output.parent.mkdir(parents=True, exist_ok=True)
        write_file(options.output, page)
    print(f"report: {options.output.resolve()}")


def _page(given: Sequence[str], *, model: WordVectors, name: str, title: str, options: argparse.Namespace) -> str:
    vectors, known = model.lookup(given)
    vectors, words = vectors[known], [word for word, is_known in zip(given, known, strict=True) if is_known]
    if len(words) < FEWEST_WORDS:
        raise InputError(f"{name} knows {len(words)} of the words, expected at least {FEWEST_WORDS}")
    notes = _notes(unknown=int((~known).sum()), left_out=len(words) - options.limit, limit=options.limit)
    for note in notes:
        print(note, file=sys.stderr)
    found = analyse(words[: options.limit], vectors=vectors[: options.limit], clusters=options.clusters)
    return make_page(found, title=options.title or title, model=name, notes=notes)


def _notes(*, unknown: int, left_out: int, limit: int) -> list[str]:
    notes = [f"The model does not know {unknown:,} words of the list: they are left out."] if unknown else []
    if left_out > 0:
        notes.append(f"The list is longer: the first {limit:,} words are shown, and {left_out:,} are left out.")
    return notes


if __name__ == "__main__":
    main()
