"""Capitals: is a word itself at the start of a sentence, and is a name told from the word that it is in lower case?"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from training.common.rows import row_cosines, unit_rows
from training.evaluate.kinds.kind import Kind, Measure, Observation
from training.evaluate.kinds.retrieval import share_score
from training.evaluate.neighbours import TIE, nearest_is_right
from training.evaluate.scores import Score
from training.evaluate.sources import SetFile, Sources
from training.vectors import WordVectors

_NAME, _WORDS = "PROPN", {"ADJ", "ADP", "ADV", "AUX", "CCONJ", "DET", "NOUN", "NUM", "PRON", "SCONJ", "VERB"}


@dataclass(frozen=True)
class CapitalSet:
    """Of a treebank, all in the order of the alphabet: words in lower case, rows of those that begin a sentence, and
    names: those that are one of the words in lower case too, and those that are not.
    """

    name: str
    words: list[str]
    starts: list[int]
    names_and_words: list[str]
    only_names: list[str]


@dataclass(frozen=True, kw_only=True)
class Right(Observation):
    """Which items a model gets right, `(items,)` bool."""

    right: np.ndarray


def _find(sources: Sources) -> list[CapitalSet]:
    """Reads treebanks in CoNLL-U, `downstream/*-ud-*.conllu`; those in which nothing has a capital are left out."""
    sets = [_read(file) for file in sources.files("downstream/*-ud-*.conllu")]
    return [found for found in sets if found.starts and found.names_and_words and found.only_names]


def _read(file: SetFile) -> CapitalSet:
    words: Counter[str] = Counter()
    names: Counter[str] = Counter()
    starts: set[str] = set()
    for form, tag, is_first in _tokens(file):
        if not form.isalpha() or len(form) < 2:
            continue
        if is_first and tag in _WORDS and form.istitle():
            starts.add(form.lower())
        elif tag in _WORDS and form.islower():
            words[form] += 1
        elif tag == _NAME and form.istitle() and not is_first:
            names[form] += 1
    listed = sorted(words)
    both = sorted(name for name in names if name.lower() in words)
    return CapitalSet(
        file.stem,
        listed,
        [row for row, word in enumerate(listed) if word in starts],
        both,
        sorted(set(names).difference(both)),
    )


def _tokens(file: SetFile) -> Iterator[tuple[str, str, bool]]:
    """Forms and their parts of speech, and whether a form is the first of letters in its sentence."""
    is_first = True
    for number, line in enumerate(file.path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line:
            is_first = True
        elif not line.startswith("#"):
            cells = line.split("\t")
            file.require(len(cells) == 10, found=f"{len(cells)} columns", expected="ten of CoNLL-U", line=number)
            if cells[0].isdigit():
                yield cells[1], cells[3], is_first
                is_first = is_first and not cells[1].isalpha()


def _observe(model: WordVectors, given: CapitalSet) -> dict[str, Right]:
    """Starts: with its capital, a word is nearest to itself in lower case, of all words of the treebank.

    Names: with its capital, a name that is a word too lies nearer to the mean of those that are nothing else than the
    word does.
    """
    words, known = model.lookup(given.words)
    starts, start_known = model.lookup([given.words[row].title() for row in given.starts])
    first = nearest_is_right(starts, candidates=words, answers=given.starts)
    names, name_known = model.lookup(given.names_and_words)
    lower, lower_known = model.lookup([name.lower() for name in given.names_and_words])
    middle = unit_rows(model.lookup(given.only_names)[0]).mean(axis=0, keepdims=True)
    both_known = name_known & lower_known
    middles = middle.repeat(len(names), axis=0)
    nearer = row_cosines(names, middles) - row_cosines(lower, middles)
    return {
        f"{given.name}: words at starts": Right(
            counts={"words": len(first)}, coverage=float((start_known & known[given.starts]).mean()), right=first
        ),
        f"{given.name}: names that are words": Right(
            counts={"names": len(names)}, coverage=float(both_known.mean()), right=(nearer > TIE) & both_known
        ),
    }


def _share(observed: Right) -> Score:
    return share_score(observed.right)


CAPITALS = Kind(
    name="capitals",
    find=_find,
    observe=_observe,
    measures=(
        Measure(
            key="right",
            title="capitals",
            score=_share,
            note="Capitals: of words that begin a sentence, how many are nearest to themselves in lower case; of names "
            "that are words in lower case, how many lie nearer to other names than those words do, which no model does "
            "that takes both for one.",
        ),
    ),
)
