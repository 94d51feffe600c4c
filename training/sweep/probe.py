"""What choices are made by: how well an encoder has learnt its teacher and how well it takes misspellings.

Everything is made of the teacher's table and of rules, nothing of an evaluation set, so that those stay what they are
for.
"""

from collections.abc import Callable, Sequence
from functools import partial
from random import Random

import numpy as np

from beast_core import WordEncoder
from training.common.rows import row_cosines
from training.common.statistics import spearman
from training.common.words import without_accents
from training.evaluate.neighbours import nearest_is_right
from training.languages import known_languages, read_language
from training.languages.noise import Misspeller
from training.table import TeacherTable

_FREQUENT_WORDS = 10_000
_OTHER_WORDS = 5_000
_EVERY = 5  # of the frequent words, one in so many is misspelt, if it is long enough
_FEWEST_LETTERS = 4
_NEIGHBOURS = 50
_PAIRED_WORDS = 6_000
_NESTED_WIDTH = 64


def probe(encoder: WordEncoder, *, table: TeacherTable, language: str) -> dict[str, float]:
    """Measures an encoder on the table that it learnt from.

    - `frequent`, `others`, `held_out`: mean cosine to the teacher's vectors;
    - `similarity`, `similarity_64`: Spearman's correlation of the student's and the teacher's cosines over pairs, half
      of them of neighbours, of all and of the first 64 entries;
    - `misspelt`, `edited`, `unaccented`: retrieval@1 among 2,000 frequent words, less the shortest, of those that the
      rules of the training, any edit of one letter, and the loss of accents turn into something that is no word.

    What the table has no words for is left out, and what misspells them if the language has no record.
    """
    by_frequency = np.argsort(-table.frequencies, kind="stable")
    seen = by_frequency[~table.held_out[by_frequency]]
    frequent, others = seen[:_FREQUENT_WORDS], seen[_FREQUENT_WORDS:]
    if len(others) > _OTHER_WORDS:
        others = np.random.default_rng(0).choice(others, _OTHER_WORDS, replace=False)
    groups = {"frequent": frequent, "others": others, "held_out": np.flatnonzero(table.held_out)}
    report = {name: _closeness(encoder, table=table, rows=rows) for name, rows in groups.items() if len(rows)}
    report |= _agreement(encoder, table=table, rows=frequent[:_PAIRED_WORDS])
    some = [table.words[row] for row in frequent[::_EVERY]]
    if language in known_languages():
        report |= _robustness(encoder, words=some, real_words=frozenset(table.words), language=language)
    return report


def _closeness(encoder: WordEncoder, *, table: TeacherTable, rows: np.ndarray) -> float:
    return float(row_cosines(encoder.encode([table.words[row] for row in rows]), table.vectors[rows]).mean())


def _agreement(encoder: WordEncoder, *, table: TeacherTable, rows: np.ndarray) -> dict[str, float]:
    teacher, student = table.vectors[rows], encoder.encode([table.words[row] for row in rows])
    cosines = teacher @ teacher.T
    np.fill_diagonal(cosines, -np.inf)
    number, neighbours = len(rows), min(_NEIGHBOURS, len(rows) - 1)
    nearest = np.argpartition(cosines, -neighbours, axis=1)[:, -neighbours:]
    random, every = np.random.default_rng(0), np.arange(number)
    near = nearest[every, random.integers(neighbours, size=number)]
    far = (every + random.integers(1, number, size=number)) % number  # any word but itself
    first, second = np.concatenate([every, every]), np.concatenate([near, far])
    told = row_cosines(teacher[first], teacher[second])
    return {
        name: spearman(row_cosines(student[first, :width], student[second, :width]), told)
        for name, width in (("similarity", None), (f"similarity_{_NESTED_WIDTH}", _NESTED_WIDTH))
    }


def _robustness(
    encoder: WordEncoder, *, words: Sequence[str], real_words: frozenset[str], language: str
) -> dict[str, float]:
    words = [word for word in words if len(word) >= _FEWEST_LETTERS]
    candidates, report = encoder.encode(words), {}
    record = read_language(language)
    misspell = Misspeller(record.noise)
    letters = "".join(sorted({without_accents(letter) for letter in record.alphabet}))
    changes: dict[str, Callable[..., str]] = {
        "misspelt": partial(misspell, real_words=real_words),
        "edited": partial(edit_anywhere, letters=letters),
        "unaccented": lambda word, random: misspell.without_accents(word),
    }
    for name, change in changes.items():
        random = Random(0)
        changed = [change(word, random=random) for word in words]
        answers = [row for row, word in enumerate(changed) if word not in real_words]
        if answers:
            queries = encoder.encode([changed[row] for row in answers])
            report[name] = float(nearest_is_right(queries, candidates=candidates, answers=answers).mean())
    return report


def edit_anywhere(word: str, *, random: Random, letters: str) -> str:
    """The word with one letter lost, put in, changed or swapped with the next, at any place, to any of the letters.

    Sometimes the word itself: a letter may be changed to what it is, and the last has no next.
    """
    place, letter = random.randrange(len(word)), random.choice(letters)
    before, at, after = word[:place], word[place], word[place + 1 :]
    return random.choice(
        [before + after, before + letter + at + after, before + letter + after, before + after[:1] + at + after[1:]]
    )
