"""Which word was meant: the nearest of the most frequent ones, frequent words given a little more.

A score is the cosine plus a weight times the Zipf frequency (log10 of occurrences per billion words), as a language
model of single words is added to a model of mistakes (Kernighan, Church & Gale 1990, "A spelling correction program
based on a noisy channel model"). The weight is chosen on misspellings made by rule, of words as often as they come in
text; on the evaluation sets of the language, which have a right word for each wrong one, it is only reported. A wrong
spelling that is itself among the frequent words, as *tambien* is, finds itself, and counts as not found.
"""

import argparse
from collections.abc import Sequence

import numpy as np

from training.applications.material import Material, add_material, read_material
from training.common.markdown import markdown_table
from training.common.rows import pieces
from training.common.statistics import share_interval
from training.evaluate.evaluation_sets import read_sets, shipped_sets
from training.evaluate.kinds.retrieval import RETRIEVAL

_WEIGHTS = (0.0, 0.01, 0.02, 0.03, 0.05, 0.08)
_QUERIES = 2000
_CHOSEN = "made by rule, words as often as in text"


def measure_spelling(options: argparse.Namespace) -> str:
    """A Markdown table, a row for each weight, and a column for each set."""
    material = read_material(options)
    sets = {
        "made by rule, every word as often": material.misspelt(material.drawn(_QUERIES)),
        _CHOSEN: material.misspelt(material.drawn_as_in_text(_QUERIES)),
    }
    if folders := shipped_sets(options.language):
        for given in read_sets(folders, kinds=[RETRIEVAL]).of_kind[RETRIEVAL.name]:
            sets[given.name] = [
                (wrong, given.candidates[answer]) for wrong, answer in zip(given.queries, given.answers, strict=True)
            ]
    right = {name: _right(material, pairs) for name, pairs in sets.items()}
    best = max(_WEIGHTS, key=lambda weight: float(right[_CHOSEN][_WEIGHTS.index(weight)].mean()))
    rows = [
        [f"{weight}{', chosen' if weight == best else ''}", *(_share(hits[place]) for hits in right.values())]
        for place, weight in enumerate(_WEIGHTS)
    ]
    header = ["weight of the frequency", *(f"{name} ({len(pairs):,})" for name, pairs in sets.items())]
    return markdown_table(header, rows=rows)


def _share(hits: np.ndarray) -> str:
    low, high = share_interval(hits)
    return f"{hits.mean():.3f} [{low:.2f}, {high:.2f}]"


def _right(material: Material, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
    """Whether the word that was meant has the highest score, `(weights, pairs)` bool.

    To choose from are the words of the list and those that were meant.
    """
    words = list(dict.fromkeys([*material.words, *(right for _, right in pairs)]))
    rows = {word: row for row, word in enumerate(words)}
    frequencies = np.array([material.frequencies.get(word, 0.0) for word in words], dtype=np.float32)
    vectors, queries = (material.encoder.encode(each) for each in (words, [wrong for wrong, _ in pairs]))
    answers = np.array([rows[right] for _, right in pairs])
    found = np.zeros((len(_WEIGHTS), len(pairs)), dtype=bool)
    for piece in pieces(len(pairs), size=128):
        cosines = queries[piece] @ vectors.T
        for place, weight in enumerate(_WEIGHTS):
            found[place, piece] = (cosines + weight * frequencies).argmax(axis=1) == answers[piece]
    return found


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    add_material(parser)
