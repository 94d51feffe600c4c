"""How to encode names of several words, to find duplicates: as one text, or as the mean of their words' vectors.

Names are made of two to four frequent words, so that many share words. Each is asked for as somebody else may have
written it: a word misspelt by rule, two words swapped, or one left out. Told is how often the name that was meant is
the nearest of all names, with the cosine that half of the right pairs reach, and that one in a thousand of the wrong
pairs reaches.
"""

import argparse
from random import Random

import numpy as np

from beast_core import TextEncoder, WordEncoder
from training.applications.material import add_material, read_material
from training.common.markdown import markdown_table
from training.common.statistics import SEED, share_interval
from training.languages import read_language
from training.languages.noise import Misspeller

_NAMES, _WORDS = 2000, 3000


def as_one_text(names: list[str], *, encoder: WordEncoder) -> np.ndarray:
    """`(names, width)` of names that are encoded as if each were a word."""
    return encoder.encode(names)


def mean_of_words(names: list[str], *, encoder: WordEncoder) -> np.ndarray:
    """`(names, width)`: of each, the mean of the vectors of its words, of unit length."""
    return TextEncoder(encoder).encode(names)


_WAYS = {"one text": as_one_text, "mean of words": mean_of_words}


def measure_names(options: argparse.Namespace) -> str:
    """A Markdown table, a row for each way of encoding and of writing a name otherwise."""
    material, random = read_material(options), Random(SEED)
    words = material.drawn(_WORDS)
    names = list(dict.fromkeys(" ".join(random.sample(words, random.randint(2, 4))) for _ in range(_NAMES)))
    misspell = Misspeller(read_language(material.language).noise)
    otherwise = {
        "a word misspelt": [_misspelt(name, misspell=misspell, random=random) for name in names],
        "two words swapped": [_swapped(name, random=random) for name in names],
        "a word left out": [_without_one(name, random=random) for name in names],
    }
    rows = []
    for way, encode in _WAYS.items():
        vectors = encode(names, encoder=material.encoder)
        for what, written in otherwise.items():
            cosines = encode(written, encoder=material.encoder) @ vectors.T
            right, hits = cosines.diagonal(), cosines.argmax(axis=1) == np.arange(len(names))
            wrong = cosines[~np.eye(len(names), dtype=bool)]
            low, high = share_interval(hits)
            cells = [f"{hits.mean():.3f} [{low:.3f}, {high:.3f}]", f"{np.median(right):.2f}"]
            rows.append([way, what, *cells, f"{np.quantile(wrong, 0.999):.2f}"])
    header = ["encoded as", "written with", "found", "cosine of half of the right", "of 0.1% of the wrong"]
    return markdown_table(header, rows=rows, right={2, 3, 4})


def _misspelt(name: str, *, misspell: Misspeller, random: Random) -> str:
    words = name.split()
    place = random.randrange(len(words))
    words[place] = misspell(words[place], random=random)
    return " ".join(words)


def _swapped(name: str, *, random: Random) -> str:
    words = name.split()
    first, second = random.sample(range(len(words)), 2)
    words[first], words[second] = words[second], words[first]
    return " ".join(words)


def _without_one(name: str, *, random: Random) -> str:
    words = name.split()
    del words[random.randrange(len(words))]
    return " ".join(words)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of the command."""
    add_material(parser)
