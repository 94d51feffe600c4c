"""Which words have vectors, by which attribute of a token, and which of them are near a given vector."""

import numpy as np
from spacy.attrs import LOWER, NORM, ORTH

# Attributes of a word as such: spaCy looks a token's vector up through its lexeme, which has no lemma or tag.
ATTRIBUTES = {"ORTH": ORTH, "TEXT": ORTH, "LOWER": LOWER, "NORM": NORM}


def attribute_id(attr: str) -> int:
    """spaCy's number of a token attribute that words can be embedded by. Raises `ValueError` for any other."""
    found = ATTRIBUTES.get(attr.upper()) if isinstance(attr, str) else None
    if found is None:
        raise ValueError(f"attr is {attr!r}, expected one of {sorted(ATTRIBUTES)}: attributes that every word has")
    return found


def has_vector(word: str) -> bool:
    """False for the empty string, white space and what is not shown, such as a lone soft hyphen; else True."""
    if word.isascii():
        return bool(word) and not word.isspace()
    from beast_core import is_blank

    return not (word.isspace() or is_blank(word))


def nearest(queries: np.ndarray, *, candidates: np.ndarray, n: int, sort: bool) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the `n` candidates of highest cosine for each query, and the cosines: both `(queries, n)`."""
    norms = np.linalg.norm(queries, axis=1, keepdims=True)
    cosines = (queries / np.where(norms == 0, 1, norms)) @ candidates.T
    rows = np.argpartition(-cosines, n - 1, axis=1)[:, :n]
    scores = np.take_along_axis(cosines, rows, axis=1).clip(-1, 1)
    if sort:
        order = np.argsort(-scores, axis=1)
        rows, scores = np.take_along_axis(rows, order, axis=1), np.take_along_axis(scores, order, axis=1)
    return rows, scores
