"""The joint teacher: sentence encoders and lexical knowledge from installable packages, one space for all languages.

Of each word: the multilingual sentence encoder in a few templates of its language; the same and an English encoder on
the English lemmas that share its senses; those lemmas in an English thesaurus; the definitions of its senses. Synonyms
and translations pull words together and antonyms push them apart. Inflected forms take most of this from their lemmas;
words of which nothing is known but their spelling are placed by regression from the multilingual encoder.

The space is fitted to the words of all languages that have a record, whichever of them is taught: tables of any two of
them may be compared.
"""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute

from training.common.parquet import Columns
from training.common.rows import pieces
from training.languages import read_language
from training.vectors import Free
from training.vectors.lexical.joint import JointSpace
from training.vectors.lexical.options import Options
from training.vectors.lexical.profiled import Profiles
from training.vectors.lexical.space import Described, LexicalSpace
from training.vectors.lexical.spellings import Spellings

# Of a form that has senses of its own (`casa`), its lemma's share (`casar`): it is mostly itself.
_LEMMA_SHARE = 0.3


class LexicalTeacher(Free):
    """See `training.vectors.Teacher`.

    `lexicon` is the list of words to be taught; of it, only lemmas and capitals are read. `language` is whose words are
    looked up; `space` is equal for all languages whose vectors may be compared. Raises `ValueError` and
    `FileNotFoundError` that name the package to install.
    """

    def __init__(self, options: Options, *, lexicon: Path) -> None:
        self._language = read_language(options.language)
        self._columns = Columns(lexicon, needed=("word",), perhaps=("lemma", "written"))
        self._joint = JointSpace(options)
        self.width = options.width
        self.language = self._language.code
        self.space = f"lexical-{self._joint.key}"

    def identity(self) -> dict[str, Any]:
        """A digest of all that is read, what is made of it, and the options but for where things lie."""
        return {"language": self.language, **self._joint.identity()}

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """See `training.vectors.Teacher`.

        Of a language that the encoder does not know, words that have no senses are unknown, if they inflect none that
        has.
        """
        profiles, moved, space = self._profiles, self._moved, self._space
        rows, lemma_rows = self._rows(words)
        own = self._own(words, rows=rows, lemma_rows=lemma_rows)
        known = np.any(own, axis=1)
        vectors = np.zeros((len(words), self.width), dtype=np.float32)
        if known.any():
            rows, lemma_rows = rows[known], lemma_rows[known]
            described = Described(own[known], _mixed(profiles.parts, rows=rows, lemma_rows=lemma_rows))
            vectors[known] = space.vectors(described, moved=moved, rows=rows, lemma_rows=lemma_rows)
        return vectors, known

    def described(self, words: Sequence[str]) -> np.ndarray:
        """See `training.vectors.Describing`: the words that have senses of their own."""
        return self._rows(words)[0] >= 0

    def _own(self, words: Sequence[str], *, rows: np.ndarray, lemma_rows: np.ndarray) -> np.ndarray:
        """Own vectors, `(words, width)` float16: that of the profile, else the encoder's, else the lemma's."""
        own = np.zeros((len(words), self._profiles.own.shape[1]), dtype=np.float16)
        own[rows >= 0] = self._profiles.own[rows[rows >= 0]]  # a language may have no profiles at all
        rest = np.flatnonzero(rows < 0).tolist()
        own[rest] = self._joint.knowledge.encode(self._written([words[row] for row in rest]), language=self._language)
        of_lemma = np.flatnonzero(~np.any(own, axis=1) & (lemma_rows >= 0))
        own[of_lemma] = self._profiles.own[lemma_rows[of_lemma]]
        return own

    @cached_property
    def _profiles(self) -> Profiles:
        return self._joint.profiles(self.language)

    @cached_property
    def _moved(self) -> np.ndarray:
        return self._joint.moved(self.language)

    @cached_property
    def _space(self) -> LexicalSpace:
        return self._joint.space()

    @cached_property
    def _profiled(self) -> pa.StringArray:
        return pa.array(self._profiles.words, pa.string())

    @cached_property
    def _inflected(self) -> tuple[pa.Array, pa.Array]:
        """Words of the list and their lemmas, where the lemma is another word, and one that has a profile."""
        return self._differing("lemma", among=self._profiled)

    @cached_property
    def _capitalised(self) -> tuple[pa.Array, pa.Array]:
        """Words of the list and how they are written, where that is not in lower case."""
        return self._differing("written")

    @cached_property
    def _spellings(self) -> Spellings:
        return Spellings(self._language, written={})

    def _differing(self, column: str, *, among: pa.Array | None = None) -> tuple[pa.Array, pa.Array]:
        """Words that are not what that column says, and what it says; of that, only what is `among` other words."""
        words, others = [pa.array([], pa.string())], [pa.array([], pa.string())]
        for batch in self._columns.batches("word", column) if column in self._columns.names else ():
            word, other = (batch[name].cast(pa.string()) for name in ("word", column))
            kept = compute.not_equal(word, other)
            if among is not None:
                kept = compute.and_(kept, compute.is_in(other, value_set=among))
            words.append(word.filter(kept))
            others.append(other.filter(kept))
        return pa.concat_arrays(words), pa.concat_arrays(others)

    def _rows(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """The rows of words and of their lemmas among the profiles, `(words,)` each, -1 where there is none."""
        asked, (inflected, lemmas) = pa.array(words, pa.string()), self._inflected
        lemmas_of_asked = compute.take(lemmas, compute.index_in(asked, value_set=inflected))
        found = (compute.index_in(each, value_set=self._profiled) for each in (asked, lemmas_of_asked))
        own, lemma = (rows.fill_null(-1).to_numpy(zero_copy_only=False) for rows in found)
        return own, lemma

    def _written(self, words: Sequence[str]) -> list[str]:
        """How the words are given to the encoder."""
        if not self._language.teacher.written or "written" not in self._columns.names:
            return self._spellings.of(words)
        asked, (lower, written) = pa.array(words, pa.string()), self._capitalised
        found = compute.take(written, compute.index_in(asked, value_set=lower))
        return compute.coalesce(found, asked).to_pylist()


def _mixed(parts: dict[str, np.ndarray], *, rows: np.ndarray, lemma_rows: np.ndarray) -> dict[str, np.ndarray]:
    """What each source says of words, mixed with what it says of their lemmas."""
    mixed = {}
    for name, part in parts.items():
        part = np.concatenate([part, np.zeros((1, part.shape[1]), dtype=part.dtype)])  # at -1
        of = [_mix(part[rows[piece]], lemma=part[lemma_rows[piece]]) for piece in pieces(len(rows))]
        mixed[name] = np.concatenate(of)
    return mixed


def _mix(own: np.ndarray, *, lemma: np.ndarray) -> np.ndarray:
    """What a source says of words and of their lemmas, `(words, width)` each, in one; zeros count for nothing."""
    both = own.any(axis=1, keepdims=True) & lemma.any(axis=1, keepdims=True)
    share = np.where(both, _LEMMA_SHARE, 0.5).astype(np.float32)  # alone, only its direction will count
    return ((1 - share) * own + share * lemma).astype(np.float16)


def open_teacher(options: Options, *, lexicon: Path, folder: Path) -> LexicalTeacher:
    """The teacher for the words of that list. What it keeps is the same for any list, and lies in `options.joint`."""
    return LexicalTeacher(options, lexicon=lexicon)
