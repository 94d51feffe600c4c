"""Shards to one table: centred, reduced by principal components, quantised, a piece at a time.

Only sums and one shard are in memory: `(width, width)` float64 for the components and some 30 bytes a word, whatever
the number of words.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.linalg import eigh
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from training.common.rows import DOUBLE_PRECISION_ROWS, fix_signs, pieces, unit_rows
from training.table import Storage, TableSummary, TableWriter, TeacherTableError
from training.teach.shards import Shards
from training.teach.word_stream import WordStream

# Unit vectors rounded to float16 are off by 3e-4. What is left of them when the mean has been taken off must be well
# above that, or the table would hold the rounding.
_LEAST_SPREAD = 1e-4
_LEAST_LENGTH = 3e-3


@dataclass(frozen=True)
class Compacted:
    """What is in the table, and how many words are not because the mean and the components leave nothing of them."""

    summary: TableSummary
    lost: int


@dataclass(frozen=True)
class _Projection:
    """What is taken off a vector, `(teacher width,)`, and what it is multiplied by, `(teacher width, width)`."""

    mean: np.ndarray
    components: np.ndarray | None

    def __call__(self, vectors: np.ndarray) -> np.ndarray:
        centred = unit_rows(vectors.astype(np.float32)) - self.mean
        return centred if self.components is None else centred @ self.components


def compact(
    shards: Shards,
    *,
    words: WordStream,
    path: Path,
    width: int,
    fit_words: int,
    centre: bool,
    storage: Storage,
    levels: int,
    language: str = "",
    space: str = "",
) -> Compacted:
    """Writes the table at `path`, of the words that the teacher knows, in the order of the word list.

    `language` and `space` are what the table says of itself.

    With `centre`, the mean of the `fit_words` most frequent known words is taken off. Vectors wider than `width` are
    then reduced to the principal components of those words (without `centre`, to the directions of the largest second
    moments); others keep their width. One thread, so that sums are added up in the same order every time. Raises
    `training.table.TeacherTableError` for a table that could not teach.
    """
    if (known := int(shards.known.sum())) < 2:
        raise TeacherTableError(f"the teacher knows {known} of {words.count} words, expected two or more")
    with threadpool_limits(limits=1):
        fitted = _fitted_rows(shards, words=words, count=fit_words)
        projection = _fit(shards, fitted=fitted, width=width, centre=centre)
        lost = 0
        final_width = len(projection.mean) if projection.components is None else projection.components.shape[1]
        with (
            TableWriter(
                path, width=final_width, storage=storage, levels=levels, language=language, space=space
            ) as table,
            tqdm(total=words.count, desc="compact", unit="words", unit_scale=True, mininterval=1.0) as progress,
        ):
            for index, piece in enumerate(words.pieces(shards.size)):
                shard = shards.read(index)
                vectors = projection(shard.vectors)
                kept = shard.known & (np.linalg.norm(vectors, axis=1) >= _LEAST_LENGTH)
                lost += int(shard.known.sum() - kept.sum())
                if kept.any():
                    table.write(
                        [piece.words[row] for row in np.flatnonzero(kept)],
                        vectors=vectors[kept],
                        frequencies=piece.frequencies[kept],
                        held_out=piece.held_out[kept],
                    )
                progress.update(len(kept))
    return Compacted(table.summary, lost)


def _fitted_rows(shards: Shards, *, words: WordStream, count: int) -> np.ndarray:
    """Which words the mean and the components are of, `(words,)` bool: the most frequent known ones."""
    rows = np.flatnonzero(shards.known)
    if len(rows) > count:
        frequencies = np.concatenate([piece.frequencies for piece in words.pieces()])[rows]
        rows = rows[np.argsort(-frequencies, kind="stable")[:count]]
    fitted = np.zeros(words.count, dtype=bool)
    fitted[rows] = True
    return fitted


def _pieces(shards: Shards, *, fitted: np.ndarray) -> Iterator[np.ndarray]:
    for index in range(len(shards)):
        rows = np.flatnonzero(fitted[shards.rows(index)])
        if len(rows):
            vectors = shards.read(index).vectors
            yield from (
                unit_rows(vectors[rows[part]].astype(np.float64))
                for part in pieces(len(rows), size=DOUBLE_PRECISION_ROWS)
            )


def _fit(shards: Shards, *, fitted: np.ndarray, width: int, centre: bool) -> _Projection:
    wide, count = shards.width, int(fitted.sum())
    total, moments = np.zeros(wide), np.zeros((wide, wide) if wide > width else 0)
    for vectors in _pieces(shards, fitted=fitted):
        total += vectors.sum(axis=0)
        if wide > width:
            moments += vectors.T @ vectors
    mean = total / count if centre else np.zeros(wide)
    if (spread := 1 - float(np.square(total / count).sum())) < _LEAST_SPREAD:
        raise TeacherTableError(
            f"the teacher's vectors are all the same (mean cosine {1 - spread:.5f}): nothing can be learnt from them; "
            "check the teacher"
        )
    if wide <= width:
        return _Projection(mean.astype(np.float32), None)
    moments = moments / count - np.outer(mean, mean)
    _, components = eigh(moments, subset_by_index=(wide - width, wide - 1))
    components = components[:, ::-1]
    return _Projection(mean.astype(np.float32), fix_signs(components).astype(np.float32))
