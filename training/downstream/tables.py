"""The teacher's vectors in the two forms that spaCy has for them: a plain table, and a table of hashed n-grams."""

from pathlib import Path

import numpy as np
import spacy
from scipy.sparse import csr_matrix
from spacy.vectors import Vectors

from beast_core.files import replace_folder
from training.common.rows import unit_rows
from training.table import read_table

# Of the table of n-grams, which is stored in float32: as large as a model of BEAST, which is mostly 2 bits an entry.
FLORET_BYTES = 11_900_000
# Of the principal components; fewer leave room for more rows, 46,484 of 64 entries where all 256 would leave 11,621.
FLORET_WIDTH = 64
_FLORET = {"minn": 3, "maxn": 6, "hash_count": 2}
_STEPS = 30  # of the conjugate gradients
_RIDGE = 1e-3  # of the diagonal's mean


def write_plain_table(*, table: Path, folder: Path, language: str) -> None:
    """A pipeline whose vectors are the table, as `spacy init vectors` makes it; words that are not in it have zeros.

    So have capitalised ones: a teacher's words are in lower case, and spaCy 3.8 forgets the `--attr LOWER` of such a
    table when it saves it. It remembers that of a floret table.
    """
    read = read_table(table)
    nlp = spacy.blank(language)
    keys = [nlp.vocab.strings.add(word) for word in read.words]
    nlp.vocab.vectors = Vectors(strings=nlp.vocab.strings, data=read.vectors, keys=keys, name="teacher.vectors")
    with replace_folder(folder) as new:
        nlp.to_disk(new)


def write_floret_table(*, table: Path, folder: Path, language: str) -> None:
    """A pipeline whose vectors are a floret table of `FLORET_BYTES`, fitted to the vectors of the teacher's table."""
    read = read_table(table)
    nlp = spacy.blank(language)
    targets = principal_part(read.vectors, width=FLORET_WIDTH)
    rows = FLORET_BYTES // (4 * FLORET_WIDTH)
    vectors = fit_floret(read.words, targets=targets, weights=read.frequencies, rows=rows)
    nlp.vocab.vectors = Vectors(
        strings=nlp.vocab.strings, data=vectors, mode="floret", attr="LOWER", name="floret.vectors", **_FLORET
    )
    with replace_folder(folder) as new:
        nlp.to_disk(new)


def principal_part(vectors: np.ndarray, *, width: int) -> np.ndarray:
    """The first principal components, `(words, width)` float32 of unit length: most of what the vectors tell apart.

    Not centred: what all vectors share is a component as others are.
    """
    _, directions = np.linalg.eigh(vectors.T.astype(np.float64) @ vectors)
    return unit_rows((vectors @ directions[:, : -width - 1 : -1].astype(np.float32)).astype(np.float32))


def fit_floret(words: list[str], *, targets: np.ndarray, weights: np.ndarray, rows: int) -> np.ndarray:
    """The table `(rows, width)` float32 whose floret vectors of the words come nearest to `targets` `(words, width)`.

    floret (Boyd & Warmerdam 2022, "floret: lightweight, robust word vectors", https://github.com/explosion/floret) says
    that a word is the mean of the rows that its n-grams are hashed to. So the nearest table, by the square of the
    distance and with `weights` `(words,)`, is a linear least-squares problem, which is solved by conjugate gradients
    (Hestenes & Stiefel 1952) on its normal equations. What floret itself would do is learn from much text.
    """
    mean = floret_rows(words, rows=rows)
    weighted = mean.T.multiply(weights.astype(np.float32)).tocsr()
    ridge = np.float32(_RIDGE * (weighted.multiply(mean.T)).sum() / rows)
    table = np.zeros((rows, targets.shape[1]), dtype=np.float32)
    residual = weighted @ targets
    direction, size = residual.copy(), (residual**2).sum(axis=0)
    for _ in range(_STEPS):
        image = weighted @ (mean @ direction) + ridge * direction
        step = size / np.maximum((direction * image).sum(axis=0), np.finfo(np.float32).tiny)
        table += step * direction
        residual -= step * image
        size, before = (residual**2).sum(axis=0), size
        direction = residual + size / np.maximum(before, np.finfo(np.float32).tiny) * direction
    return table


def floret_rows(words: list[str], *, rows: int) -> csr_matrix:
    """`(words, rows)`: the share that each row of the table has in a word, by spaCy's own hashes."""
    hashes = Vectors(data=np.zeros((1, 1), dtype=np.float32), mode="floret", **_FLORET)  # any table: its hashes count
    places = [
        [hashed % rows for ngram in hashes._get_ngrams(word) for hashed in hashes._get_ngram_hashes(ngram)]
        for word in words
    ]
    counts = np.array([len(each) for each in places])
    starts = np.concatenate([[0], np.cumsum(counts)])
    shares = np.repeat((1 / counts).astype(np.float32), counts)
    matrix = csr_matrix((shares, np.concatenate([np.array(each) for each in places]), starts), shape=(len(words), rows))
    matrix.sum_duplicates()
    return matrix
