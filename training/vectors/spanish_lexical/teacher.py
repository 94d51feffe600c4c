"""The Spanish teacher: sentence encoders and lexical knowledge from installable packages, in one space.

Of each word: the multilingual sentence encoder in a few Spanish templates; the same and an English encoder on the
English lemmas that share its senses; those lemmas in an English thesaurus; the definitions of its senses. Synonyms pull
words together and antonyms push them apart. Inflected forms take most of this from their lemmas; words of which nothing
is known but their spelling are placed by regression from the multilingual encoder.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as compute
from pydantic import Field, field_validator
from pydantic.dataclasses import dataclass

from training.common.files import digest
from training.common.parquet import Columns
from training.common.processes import run_apart
from training.common.rows import pieces
from training.common.settings import CHECKED, FromList
from training.vectors import Estimate, OfAnyLanguage
from training.vectors.spanish_lexical.knowledge import SOURCES, Knowledge, Profiles
from training.vectors.spanish_lexical.space import Described, LexicalSpace

# Counted up when equal sources give other vectors than before: what older code left in the folder is not used then.
_RECIPE = 1
# By judgement, in coarse steps: the two Spanish blocks are one source, and the thesaurus knows synonyms best.
_WEIGHTS = {"meaning": 1.0, "spanish": 0.3, "moby": 1.0, "english": 0.6, "definitions": 0.6}
# Of a form that has senses of its own (`casa`), its lemma's share (`casar`): it is mostly itself.
_LEMMA_SHARE = 0.3


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Options:
    """What the teacher is made of. Raises `ValueError` listing every problem at once.

    `sources` are some of `SOURCES`; the first `frequent_words` of the word list are those that projections are fitted
    on; `debian_root` is `/` or the folder where Debian's packages were unpacked; `downloads` is where the package from
    npm is kept.
    """

    sources: Annotated[tuple[str, ...], FromList] = SOURCES
    frequent_words: Annotated[int, Field(ge=2)] = 30_000
    width: Annotated[int, Field(ge=1, le=400)] = 256
    debian_root: str = "/"
    downloads: str = "assets/downloads"

    @field_validator("sources")
    @classmethod
    def _check_sources(cls, sources: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [name for name in sources if name not in SOURCES]:
            raise ValueError(f"sources names {unknown}, should be some of {list(SOURCES)}")
        if len(set(sources)) < len(sources):
            raise ValueError(f"sources {list(sources)} names one more than once")
        return sources


class SpanishLexicalTeacher(OfAnyLanguage):
    """See `training.vectors.Teacher`; it knows every word.

    What was encoded and fitted is kept in `folder`. Raises `ValueError` and `FileNotFoundError` that name the package
    to install.
    """

    language = "es"

    def __init__(self, options: Options, *, lexicon: Path, folder: Path) -> None:
        self._options, self._lexicon, self._folder = options, lexicon, folder
        self.width = options.width
        self._columns = Columns(lexicon, needed=("word",), perhaps=("lemma",))
        try:
            self._knowledge = Knowledge(
                options.sources,
                debian_root=Path(options.debian_root),
                downloads=Path(options.downloads),
                folder=folder,
            )
        except ImportError as error:
            raise ValueError(f"{error}; all that this teacher needs: pip install '.[teach]'") from error

    def identity(self) -> dict[str, Any]:
        """A digest of all that is read, what is made of it, and the options but for where things lie."""
        options = self._options
        told = {
            "recipe": _RECIPE,
            "sources": list(options.sources),
            "frequent_words": options.frequent_words,
            "width": options.width,
        }
        return {**told, "read": self._knowledge.digest}

    def estimate(self, words: Iterable[str]) -> Estimate | None:
        """None: it costs nothing but time."""
        return None

    def lookup(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """See `training.vectors.Teacher`."""
        space = self._space
        rows, lemma_rows = self._rows(words)
        described = self._describe(self._knowledge.encode_spanish(list(words)), rows=rows, lemma_rows=lemma_rows)
        return space.vectors(described, rows=rows, lemma_rows=lemma_rows), np.ones(len(words), dtype=bool)

    def make_profiles(self) -> None:
        """Puts the sources together, and writes that to the folder."""
        self._knowledge.profiles().save(self._file("profiles"))

    def fit_space(self) -> None:
        """Fits the space to the profiles, and writes it to the folder."""
        profiles = self._profiles
        frequent = next(self._columns.batches("word", size=self._options.frequent_words))["word"].to_pylist()
        words = list(dict.fromkeys([*profiles.words, *frequent]))
        rows, lemma_rows = self._rows(words)
        blocks = {"meaning", "spanish", *profiles.parts}
        space = LexicalSpace.fit(
            self._describe(self._knowledge.encode_once(words), rows=rows, lemma_rows=lemma_rows),
            frequent=np.fromiter(map(set(frequent).__contains__, words), dtype=bool, count=len(words)),
            rows=rows,
            lemma_rows=lemma_rows,
            weights={name: weight for name, weight in _WEIGHTS.items() if name in blocks},
            near=profiles.near,
            opposite=profiles.opposite,
            width=self.width,
        )
        space.save(self._file("space"))

    @cached_property
    def _space(self) -> LexicalSpace:
        return LexicalSpace.load(self._made("space", SpanishLexicalTeacher.fit_space))

    def _made(self, name: str, make: Callable[["SpanishLexicalTeacher"], None]) -> Path:
        """A file of the folder, made apart if it was not made before of the same word list and sources."""
        if not self._file(name).is_file():
            run_apart(_make, make=make, options=self._options, lexicon=self._lexicon, folder=self._folder)
        return self._file(name)

    def _file(self, name: str) -> Path:
        text = json.dumps([self.identity(), digest(self._lexicon)], sort_keys=True)
        return self._folder / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:16]}.npz"

    @cached_property
    def _profiles(self) -> Profiles:
        return Profiles.load(self._made("profiles", SpanishLexicalTeacher.make_profiles))

    @cached_property
    def _profiled(self) -> pa.StringArray:
        return pa.array(self._profiles.words, pa.string())

    @cached_property
    def _inflected(self) -> tuple[pa.Array, pa.Array]:
        """Words of the list and their lemmas, where the lemma is another word, and one that has a profile."""
        if "lemma" not in self._columns.names:
            return pa.array([], pa.string()), pa.array([], pa.string())
        kept = []
        for batch in self._columns.batches("word", "lemma"):
            inflected = compute.not_equal(batch["word"], batch["lemma"])
            kept.append(batch.filter(compute.and_(inflected, compute.is_in(batch["lemma"], value_set=self._profiled))))
        table = pa.Table.from_batches(kept).combine_chunks()
        return table["word"].chunk(0), table["lemma"].chunk(0)

    def _rows(self, words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        """The rows of words and of their lemmas among the profiles, `(words,)` each, -1 where there is none."""
        asked, (inflected, lemmas) = pa.array(words, pa.string()), self._inflected
        lemmas_of_asked = compute.take(lemmas, compute.index_in(asked, value_set=inflected))
        found = (compute.index_in(each, value_set=self._profiled) for each in (asked, lemmas_of_asked))
        own, lemma = (rows.fill_null(-1).to_numpy(zero_copy_only=False) for rows in found)
        return own, lemma

    def _describe(self, spanish: np.ndarray, *, rows: np.ndarray, lemma_rows: np.ndarray) -> Described:
        parts = {}
        for name, part in self._profiles.parts.items():
            part = np.concatenate([part, np.zeros((1, part.shape[1]), dtype=part.dtype)])  # at -1
            mixed = [_mix(part[rows[piece]], lemma=part[lemma_rows[piece]]) for piece in pieces(len(rows))]
            parts[name] = np.concatenate(mixed)
        return Described(spanish, parts)


def _mix(own: np.ndarray, *, lemma: np.ndarray) -> np.ndarray:
    """What a source says of words and of their lemmas, `(words, width)` each, in one; zeros count for nothing."""
    both = own.any(axis=1, keepdims=True) & lemma.any(axis=1, keepdims=True)
    share = np.where(both, _LEMMA_SHARE, 0.5).astype(np.float32)  # alone, only its direction will count
    return ((1 - share) * own + share * lemma).astype(np.float16)


def _make(*, make: Callable[[SpanishLexicalTeacher], None], options: Options, lexicon: Path, folder: Path) -> None:
    make(SpanishLexicalTeacher(options, lexicon=lexicon, folder=folder))


def open_teacher(options: Options, *, lexicon: Path, folder: Path) -> SpanishLexicalTeacher:
    """The teacher of that word list, which it fits its projections on."""
    return SpanishLexicalTeacher(options, lexicon=lexicon, folder=folder)
