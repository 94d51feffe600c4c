"""One space out of several: what a word's vectors in a few encoders and its neighbours in a graph say together.

A word is described by blocks. Each block is reduced to its principal components; a word of which a block knows nothing
gets what ridge regression makes of its own vector. The blocks side by side, reduced again, are a word's anchor;
words of the graph are retrofitted (see `graph.py` beside this file), and a word that inflects one of them follows it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
from scipy import sparse
from threadpoolctl import threadpool_limits

from training.common.rows import pieces, unit_rows
from training.vectors.lexical.encoded import load_arrays, save_arrays
from training.vectors.lexical.graph import has_entries, retrofit
from training.vectors.lexical.projection import Projection, fit_ridge, predict

_DAMPING = 0.125
_ANCHOR_WIDTH = 400
# How far an inflected form goes with its lemma.
_FOLLOW = 0.8


_Function = TypeVar("_Function", bound=Callable[..., Any])


def _one_thread(function: _Function) -> _Function:
    """Another number of threads would sum in another order, and a killed build may go on with another number."""
    return threadpool_limits.wrap(limits=1, user_api="blas")(function)


@dataclass(frozen=True)
class Described:
    """Words in all encoders: `own` `(words, width)`, `parts` by block `(words, width)`, zeros for an unknown."""

    own: np.ndarray
    parts: dict[str, np.ndarray]

    def __getitem__(self, rows: slice | np.ndarray) -> "Described":
        return Described(self.own[rows], {name: part[rows] for name, part in self.parts.items()})

    def __len__(self) -> int:
        return len(self.own)


@dataclass(frozen=True)
class Block:
    """A block's weight, its projection, and what predicts it from a word's own vector (empty if it knows all words)."""

    name: str
    weight: float
    projection: Projection
    ridge: np.ndarray


class LexicalSpace:
    """The fitted maps from what is known of a word to its vector: made by `fit` or `load`."""

    _anchor: Projection
    _final: Projection

    def __init__(self, *, own: Projection, blocks: Sequence[Block]) -> None:
        self._own, self._blocks = own, blocks

    @classmethod
    @_one_thread
    def fit(
        cls,
        words: Described,
        *,
        frequent: np.ndarray,
        weights: dict[str, float],
        near: sparse.csr_array,
        opposite: sparse.csr_array,
        width: int,
    ) -> tuple[Self, np.ndarray]:
        """Fits projections on the `frequent` `(words,)` bool among `words`, regressions on all of them.

        The first of `words` are those of the graph, `near` and `opposite`, both `(graph words, graph words)` and for
        `retrofit`. `weights` are those of the blocks: `own` is a word's own vectors alone, `meaning` their mean with
        the translations', others are parts of `words`. Returns the space and how far each word of the graph was moved
        from its anchor, `(graph words, width of the anchors)` float16.
        """
        own = Projection.fit(words.own[frequent].astype(np.float32), damping=_DAMPING)
        blocks = [_fit_block(name, weight, words, frequent, own) for name, weight in weights.items()]
        space = cls(own=own, blocks=blocks)
        space._anchor = Projection.fit(space._side_by_side(words[frequent]), components=_ANCHOR_WIDTH)
        anchors = space._anchors(words)
        graph_anchors = anchors[: near.shape[0]]
        moved = (retrofit(graph_anchors, near=near, opposite=opposite) - graph_anchors).astype(np.float16)
        moved[~(has_entries(near) | has_entries(opposite))] = 0  # not what rounding makes of standing still
        rows = np.where(np.arange(len(words)) < len(moved), np.arange(len(words)), -1)[frequent]
        final = _move(anchors[frequent], moved=moved, rows=rows, lemma_rows=np.full(len(rows), -1))
        space._final = Projection.fit(final, components=width)
        return space, moved

    @_one_thread
    def vectors(self, words: Described, *, moved: np.ndarray, rows: np.ndarray, lemma_rows: np.ndarray) -> np.ndarray:
        """Unit vectors `(words, width)` float32.

        `moved` are some rows of what `fit` said; `rows` `(words,)` are the words' places among them, -1 for words that
        are not in the graph; `lemma_rows` their lemmas'.
        """
        return unit_rows(self._final(_move(self._anchors(words), moved=moved, rows=rows, lemma_rows=lemma_rows)))

    def _anchors(self, words: Described) -> np.ndarray:
        return np.concatenate([unit_rows(self._anchor(self._side_by_side(words[rows]))) for rows in pieces(len(words))])

    def _side_by_side(self, words: Described) -> np.ndarray:
        """All blocks of a few words, `(words, sum of the blocks' widths)` float32."""
        images = self._own(words.own.astype(np.float32))
        ends = np.cumsum([block.projection.basis.shape[1] for block in self._blocks])
        side_by_side = np.empty((len(words), ends[-1]), dtype=np.float32)
        for block, end in zip(self._blocks, ends, strict=True):
            rows, known = _raw(words, name=block.name)
            image = block.projection(rows)
            if not known.all():
                image[~known] = predict(images[~known], ridge=block.ridge)
            side_by_side[:, end - image.shape[1] : end] = np.sqrt(block.weight).astype(np.float32) * image
        return side_by_side

    def save(self, path: Path) -> None:
        """Writes all maps to a file, whole or not at all."""
        arrays = {"names": np.array([block.name for block in self._blocks])}
        arrays["weights"] = np.array([block.weight for block in self._blocks])
        for name, projection in self._projections():
            arrays |= {f"{name} mean": projection.mean, f"{name} basis": projection.basis}
        arrays |= {f"{block.name} ridge": block.ridge for block in self._blocks}
        save_arrays(path, **arrays)

    def _projections(self) -> Iterator[tuple[str, Projection]]:
        yield from (("own alone", self._own), ("anchor", self._anchor), ("final", self._final))
        yield from ((block.name, block.projection) for block in self._blocks)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads what `save` wrote. Raises `ValueError` for a file that is not whole."""
        arrays = load_arrays(path)

        def projection(name: str) -> Projection:
            return Projection(arrays[f"{name} mean"], arrays[f"{name} basis"])

        blocks = [
            Block(str(name), float(weight), projection(str(name)), arrays[f"{name} ridge"])
            for name, weight in zip(arrays["names"], arrays["weights"], strict=True)
        ]
        space = cls(own=projection("own alone"), blocks=blocks)
        space._anchor, space._final = projection("anchor"), projection("final")
        return space


def _move(anchors: np.ndarray, *, moved: np.ndarray, rows: np.ndarray, lemma_rows: np.ndarray) -> np.ndarray:
    """Each word where its own neighbours moved it or, if it has none, most of the way that its lemma went."""
    moves = np.append(moved.any(axis=1), False)  # at -1
    share = np.where(moves[rows], 1.0, np.where(moves[lemma_rows], _FOLLOW, 0.0)).astype(np.float32)
    source, goes = np.where(moves[rows], rows, lemma_rows), share > 0
    vectors = anchors.copy()
    vectors[goes] += share[goes, None] * moved[source[goes]].astype(np.float32)
    return unit_rows(vectors)


def _fit_block(name: str, weight: float, words: Described, frequent: np.ndarray, own: Projection) -> Block:
    known = np.any(words.parts[name], axis=1) if name in words.parts else np.ones(len(words), dtype=bool)
    if (fitted := int((frequent & known).sum())) < 2:
        raise ValueError(
            f"{name!r} knows {fitted} of the {int(frequent.sum())} most frequent words, expected two or "
            "more: leave that source out"
        )
    projection = Projection.fit(_raw(words[frequent & known], name=name)[0], damping=_DAMPING)
    ridge = np.empty((0, 0), dtype=np.float32)
    if not known.all():
        places = np.flatnonzero(known)  # all of them in float32 would be several times what is in memory now
        batches = (words[places[rows]] for rows in pieces(len(places)))
        ridge = fit_ridge((own(of.own.astype(np.float32)), projection(_raw(of, name=name)[0])) for of in batches)
    return Block(name, weight, projection, ridge)


def _raw(words: Described, *, name: str) -> tuple[np.ndarray, np.ndarray]:
    """A block before its projection, `(words, width)` float32, and of which words it knows something."""
    if name == "own":
        return words.own.astype(np.float32), np.ones(len(words), dtype=bool)
    if name == "meaning":
        translations = words.parts.get("translations", np.zeros((len(words), 1), dtype=np.float16))
        translated = unit_rows(translations.astype(np.float32))
        known = translated.any(axis=1, keepdims=True).astype(np.float32)
        return (words.own.astype(np.float32) + translated) / (1 + known), np.ones(len(words), dtype=bool)
    rows = unit_rows(words.parts[name].astype(np.float32))
    return rows, np.any(rows, axis=1)
