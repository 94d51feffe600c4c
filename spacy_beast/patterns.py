"""What `beast_matcher` looks for: keywords with labels, checked, their words and the vectors of these."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from spacy_beast.foreign_words import Word

# float32 has seven digits: a word's cosine to itself is then 1, and a threshold of 1 finds it.
_DECIMALS = 5
_COSINES_AT_ONCE = 2**22  # a matrix of 32 MB, whatever the number of words
_EXAMPLE = '{"label": "ANIMAL", "pattern": "perro"}'
_KEYS = ("label", "pattern", "threshold", "language", "id")


class Pattern(NamedTuple):
    """One keyword, of one word or several.

    A token is near a word of it from the cosine `threshold` on. `language` is that of the keyword, where it is not that
    of the text; `id` is what spans that match get as theirs, the keyword itself if empty.
    """

    label: str
    pattern: str
    threshold: float
    language: str | None = None
    id: str = ""

    def as_dict(self) -> dict[str, Any]:
        """What `read_pattern` makes it of."""
        return {key: value for key, value in self._asdict().items() if value not in (None, "")}


def check_threshold(threshold: object) -> float:
    """Raises `ValueError` for anything but a cosine above 0 that words can have."""
    is_number = isinstance(threshold, int | float) and not isinstance(threshold, bool)
    if not is_number or not 0 < threshold <= 1:  # type: ignore[operator]
        raise ValueError(f"threshold is {threshold!r:.60}, expected a cosine above 0 and at most 1, such as 0.7")
    return float(threshold)  # type: ignore[arg-type]


def read_pattern(given: object, *, threshold: float) -> Pattern:
    """The pattern that a dictionary describes; `threshold` is for one that names none. Raises `ValueError`."""
    if not isinstance(given, Mapping):
        raise ValueError(f"a pattern is {given!r:.60}, expected a dictionary such as {_EXAMPLE}")
    if unknown := [key for key in given if key not in _KEYS]:
        raise ValueError(f"a pattern has the keys {unknown}, expected some of {', '.join(_KEYS)}: {given!r:.120}")
    for key in ("label", "pattern"):
        if not isinstance(given.get(key), str) or not given[key].strip():
            raise ValueError(f"{key} is {given.get(key)!r:.60} in {given!r:.120}, expected text, as in {_EXAMPLE}")
    for key in ("language", "id"):
        if not isinstance(given.get(key, ""), str):
            raise ValueError(f"{key} is {given[key]!r:.60} in {given!r:.120}, expected text")
    limit = check_threshold(given.get("threshold", threshold))
    return Pattern(given["label"], given["pattern"], limit, given.get("language"), given.get("id", ""))


class Term(NamedTuple):
    """A pattern and the rows of its words in `Terms.vectors`."""

    pattern: Pattern
    rows: tuple[int, ...]


class Terms:
    """Patterns by the words they are made of, each word once.

    `vectors` is `(words, width)`, `least` the lowest threshold of the patterns that each word is in, `(words,)`;
    `beginning[row]` has the terms whose first word it is.
    """

    def __init__(self, words_of: Iterable[tuple[Pattern, list[Word]]], *, vectors: Mapping[Word, np.ndarray]) -> None:
        rows: dict[Word, int] = {}
        least: dict[int, float] = {}
        self.beginning: dict[int, list[Term]] = {}
        for pattern, words in words_of:
            term = Term(pattern, tuple(rows.setdefault(word, len(rows)) for word in words))
            for row in term.rows:
                least[row] = min(pattern.threshold, least.get(row, 1.0))
            self.beginning.setdefault(term.rows[0], []).append(term)
        self.least = np.array([least[row] for row in range(len(rows))])
        self.vectors = np.stack([vectors[word] for word in rows]) if rows else np.empty((0, 0), dtype=np.float32)

    def near(self, vectors: np.ndarray) -> list[dict[int, float]]:
        """Which words each of the vectors `(tokens, width)` is near, with its cosine to them."""
        found: list[dict[int, float]] = [{} for _ in vectors]
        if not len(self.least):
            return found
        # Rounding takes as long as the product: only what is near in any case is rounded.
        nearly = (self.least - 10.0**-_DECIMALS).astype(np.float32)
        at_once = max(1, _COSINES_AT_ONCE // len(self.least))
        for start in range(0, len(vectors), at_once):
            cosines = vectors[start : start + at_once] @ self.vectors.T
            places, rows = np.nonzero(cosines >= nearly)
            scores = cosines[places, rows].astype(np.float64).round(_DECIMALS)
            for place, row, score in zip(places.tolist(), rows.tolist(), scores.tolist(), strict=True):
                if score >= self.least[row]:
                    found[start + place][row] = score
        return found


class Match(NamedTuple):
    """Tokens `start` to `end` that match a pattern, and the least cosine of one of them to its word."""

    start: int
    end: int
    pattern: Pattern
    score: float


def find_matches(near: list[dict[int, float]], *, terms: Terms) -> list[Match]:
    """Where terms are among tokens, in order; `near` is as `Terms.near` gives it.

    Of several patterns with one label that match the same tokens, the nearest is kept.
    """
    best: dict[tuple[int, int, str], Match] = {}
    for start, here in enumerate(near):
        for first in here:
            for pattern, rows in terms.beginning.get(first, ()):
                tokens = near[start : start + len(rows)]
                if len(tokens) < len(rows):
                    continue
                score = min(token.get(row, 0.0) for token, row in zip(tokens, rows, strict=True))
                place = (start, start + len(rows), pattern.label)
                if score >= pattern.threshold and (place not in best or score > best[place].score):
                    best[place] = Match(place[0], place[1], pattern, score)
    return [best[place] for place in sorted(best)]
