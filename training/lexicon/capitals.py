"""The names of a list of words that are other words in lower case: `Rosa`, `León`, `Flores`.

    python -m training.lexicon.capitals names.parquet --language es --words training/tables/es.parquet

They are what a cased student learns beside the list itself. Of all other words, capitals change nothing: `Los`,
`MADRID`. Columns as those of `python -m training.lexicon`; each name is its own lemma, since what is known of the
flower is not known of the name: a teacher has nothing of it but its spelling, capital and all.
"""

import argparse
import math
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from training.common.command import failing_in_a_line
from training.common.parquet import Columns
from training.languages import known_languages, read_language
from training.lexicon.__main__ import write_lexicon
from training.lexicon.sources import Sources, read_sources

# Starts of sentences and headings give a word that is no name fewer capitals than this ("pero": 0.18, "uno": 0.10);
# with more than the second, one that dictionaries do not have in lower case is nothing but a name.
_ALSO_NAME, _NOTHING_ELSE = 0.25, 0.8


def capitalise(word: str) -> str:
    """The first letter in upper case: 'éxito' -> 'Éxito'; a letter without one capital of its own ('ß') stays."""
    first = word[:1].upper()
    return first + word[1:] if len(first) == 1 else word


def find_names(words: Sequence[str], *, sources: Sources) -> Iterator[tuple[str, float]]:
    """Names that are other words in lower case, of the lower-cased words given, and the share of their occurrences.

    Dictionaries have such a word with a capital, and running text has more capitals than those of sentence starts.
    """
    named: Collection[str] = sources.dictionaries.union(stem for stem, _ in sources.entries)
    for word in words:
        share = counts.capitalised if (counts := sources.counts.get(word)) else 0.0
        name = capitalise(word)
        if len(word) > 1 and share >= _ALSO_NAME and name in named and (word in named or share < _NOTHING_ELSE):
            yield name, share


def build_list(table: Path, *, sources: Sources) -> pa.Table:
    """The list for the words of a table, in their order. Raises `ValueError` for a file that is none."""
    columns = Columns(table, needed=("word", "frequency", "held_out"))
    given = pa.Table.from_batches(list(columns.batches()))
    rows = {word: row for row, word in enumerate(given["word"].to_pylist())}
    found = {name: share for name, share in find_names(list(rows), sources=sources) if name not in rows}
    of_word = given.take(pa.array([rows[name.lower()] for name in found], pa.int64()))
    frequencies = zip(of_word["frequency"].to_pylist(), found.values(), strict=True)
    return pa.table(
        {
            "word": pa.array(list(found), pa.string()),
            "frequency": pa.array([max(known + math.log10(share), 0.0) for known, share in frequencies], pa.float32()),
            "lemma": pa.array(list(found), pa.string()),
            "held_out": of_word["held_out"],
        }
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Writes the list, and prints how many words it has."""
    parser = argparse.ArgumentParser(
        prog="python -m training.lexicon.capitals", description="List names that are other words too."
    )
    parser.add_argument("list", type=Path, metavar="FILE.parquet", help="what to write")
    parser.add_argument("--language", required=True, help=f"one of {', '.join(known_languages())}")
    parser.add_argument("--words", type=Path, required=True, metavar="FILE.parquet", help="lower-cased words: a table")
    parser.add_argument("--debian-root", type=Path, default=Path("/"), help="where Debian packages are unpacked (/)")
    parser.add_argument("--downloads", type=Path, default=Path("assets/downloads"), help="keeps what is downloaded")
    options = parser.parse_args(arguments)
    with failing_in_a_line():
        read_language(options.language)
        sources = read_sources(options.language, debian_root=options.debian_root, downloads=options.downloads)
        found = build_list(options.words, sources=sources)
        if not found.num_rows:
            raise ValueError(
                f"nothing known of how {options.language!r} is written has a name that is another word in lower case: "
                "spacy-lookups-data has counts of only some languages"
            )
        write_lexicon(options.list, lexicon=found)
    print(f"{options.list}: {found.num_rows:,} names that are other words in lower case")


if __name__ == "__main__":
    main()
