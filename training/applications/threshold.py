"""What is near a keyword, by the cosine that is asked for: how to choose the threshold of `beast_matcher`.

For 500 keywords of middling frequency: which share of their misspellings and inflections is found, how many other words
among the most frequent 50,000, and how many of a million tokens of the language these are (the mean of the keywords and
their median). Misspellings are made by the rules that the models learnt by, so real ones are found less often; "other
words" has synonyms in it, as no list says which these are.
"""

import argparse

import numpy as np

from training.applications.material import Material, add_material, read_material
from training.common.errors import InputError
from training.common.markdown import markdown_table
from training.common.rows import pieces
from training.common.statistics import share_interval
from training.languages import read_language
from training.resources.lemmas import read_lemmas

_THRESHOLDS = (0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9)
_KEYWORDS, _RANKS, _EACH = 500, (1000, 20_000), 4


def measure_thresholds(options: argparse.Namespace) -> str:
    """A Markdown table, a row for each threshold."""
    material = read_material(options)
    keywords = material.drawn(_KEYWORDS, first=_RANKS[0], last=_RANKS[1])
    if not keywords:
        raise InputError(f"--among {options.among} leaves no keywords, expected more than {_RANKS[0]} words")
    inflected = _inflections(material, keywords)
    wrong = _cosines(material, material.misspelt(keywords, each=_EACH))
    forms = _cosines(material, [(form, word) for word, found in inflected.items() for form in found])
    words, tokens = _others(material, keywords, related=inflected)
    rows = [
        [
            *(f"{limit}", _share(wrong >= limit), _share(forms >= limit)),
            *(f"{few.mean():.1f}", f"{often.mean():,.0f}", f"{np.median(often):,.0f}"),
        ]
        for limit, few, often in zip(_THRESHOLDS, words, tokens, strict=True)
    ]
    found = ["misspellings found", "inflections found"]
    header = ["threshold", *found, "other words a keyword", "other tokens in a million", "median"]
    return markdown_table(header, rows=rows, right=range(6))


def _share(hits: np.ndarray) -> str:
    low, high = share_interval(hits)
    return f"{hits.mean():.1%} [{100 * low:.1f}, {100 * high:.1f}]"


def _inflections(material: Material, keywords: list[str]) -> dict[str, set[str]]:
    """Of each keyword, other words of the list that have a lemma in common with it."""
    known, lemmas = set(material.words), dict[str, set[str]]()
    for package in read_language(material.language).lexicon.lemmas:
        for form, lemma in read_lemmas(material.language, package=package):
            if form in known:
                lemmas.setdefault(form, {form}).add(lemma)
    forms = dict[str, set[str]]()
    for form, found in lemmas.items():
        for lemma in found:
            forms.setdefault(lemma, set()).add(form)
    return {
        word: {form for lemma in lemmas.get(word, {word}) for form in forms.get(lemma, ())} - {word}
        for word in keywords
    }


def _cosines(material: Material, pairs: list[tuple[str, str]]) -> np.ndarray:
    first, second = (material.encoder.encode([pair[side] for pair in pairs]) for side in (0, 1))
    cosines: np.ndarray = (first * second).sum(axis=1)
    return cosines


def _others(material: Material, keywords: list[str], *, related: dict[str, set[str]]) -> tuple[np.ndarray, np.ndarray]:
    """How many words are near each keyword, its own forms aside, and of a million tokens how many.

    Both `(thresholds, keywords)`.
    """
    rows = {word: row for row, word in enumerate(material.words)}
    shares = np.array([10 ** (material.frequencies[word] - 3) for word in material.words])  # of a million
    vectors = material.encoder.encode(material.words)
    words, tokens = np.zeros((2, len(_THRESHOLDS), len(keywords)))
    for piece in pieces(len(keywords), size=64):
        cosines = material.encoder.encode(keywords[piece]) @ vectors.T
        for row, word in enumerate(keywords[piece]):
            cosines[row, [rows[each] for each in (word, *related[word]) if each in rows]] = -1
        for place, limit in enumerate(_THRESHOLDS):
            near = cosines >= limit
            words[place, piece], tokens[place, piece] = near.sum(axis=1), near @ shares
    return words, tokens


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    add_material(parser)
