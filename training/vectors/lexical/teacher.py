"""The joint teacher: sentence encoders and lexical knowledge from installable packages, one space for all languages.

Of each word: the multilingual sentence encoder in a few templates of its language; the same and an English encoder on
the English lemmas that share its senses; those lemmas in an English thesaurus; the definitions of its senses. Synonyms
and translations pull words together and antonyms push them apart. Inflected forms take most of this from their lemmas;
words of which nothing is known but their spelling are placed by regression from the multilingual encoder.

The space is fitted to the words of all languages that have a record, whichever of them is taught: tables of any two of
them may be compared.
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

from training.common.parquet import Columns
from training.common.processes import run_apart
from training.common.rows import pieces
from training.common.settings import CHECKED, Filled, FromList
from training.languages import read_language
from training.resources.frequencies import read_frequencies
from training.vectors import Estimate
from training.vectors.lexical.encoded import load_arrays, save_arrays
from training.vectors.lexical.knowledge import SOURCES, Knowledge
from training.vectors.lexical.profiled import Profiles, WordGraph
from training.vectors.lexical.space import Described, LexicalSpace
from training.vectors.lexical.spellings import Spellings

# Counted up when equal sources give other vectors than before: what older code left in the folder is not used then.
_RECIPE = 2
# By judgement, in coarse steps: the two blocks of a word's own vector are one source, and the thesaurus knows synonyms
# best.
_WEIGHTS = {"meaning": 1.0, "own": 0.3, "moby": 1.0, "english": 0.6, "definitions": 0.6}
# Of a form that has senses of its own (`casa`), its lemma's share (`casar`): it is mostly itself.
_LEMMA_SHARE = 0.3


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Options:
    """What the teacher is made of. Raises `ValueError` listing every problem at once.

    `language` is that of the words that are taught. `sources` are some of `SOURCES`; the first `frequent_words` of each
    language are those that projections are fitted on; `debian_root` is `/` or the folder where Debian's packages were
    unpacked; `downloads` is where the package from npm is kept, and `joint` what was encoded and fitted, for whichever
    language is taught next.
    """

    language: Filled
    sources: Annotated[tuple[str, ...], FromList] = SOURCES
    frequent_words: Annotated[int, Field(ge=2)] = 12_000
    width: Annotated[int, Field(ge=1, le=400)] = 256
    debian_root: str = "/"
    downloads: str = "assets/downloads"
    joint: str = "assets/joint"

    @field_validator("language")
    @classmethod
    def _check_language(cls, language: str) -> str:
        return read_language(language).code

    @field_validator("sources")
    @classmethod
    def _check_sources(cls, sources: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [name for name in sources if name not in SOURCES]:
            raise ValueError(f"sources names {unknown}, should be some of {list(SOURCES)}")
        if len(set(sources)) < len(sources):
            raise ValueError(f"sources {list(sources)} names one more than once")
        return sources


class LexicalTeacher:
    """See `training.vectors.Teacher`.

    What was encoded and fitted is kept in the folder `joint`. Raises `ValueError` and `FileNotFoundError` that name the
    package to install.
    """

    def __init__(self, options: Options, *, lexicon: Path) -> None:
        self._options, self._lexicon = options, lexicon
        self._language = read_language(options.language)
        self._folder = Path(options.joint)
        self._folder.mkdir(parents=True, exist_ok=True)
        self.width = options.width
        self._columns = Columns(lexicon, needed=("word",), perhaps=("lemma", "written"))
        try:
            self._knowledge = Knowledge(
                options.sources,
                debian_root=Path(options.debian_root),
                downloads=Path(options.downloads),
                folder=self._folder,
            )
        except ImportError as error:
            raise ValueError(f"{error}; all that this teacher needs: pip install '.[teach]'") from error

    @property
    def language(self) -> str:
        """Whose words are looked up."""
        return self._language.code

    @property
    def space(self) -> str:
        """What is equal for all languages whose vectors may be compared."""
        return f"lexical-{self._key}"

    def identity(self) -> dict[str, Any]:
        """A digest of all that is read, what is made of it, and the options but for where things lie."""
        return {"language": self.language, **self._joint_identity()}

    def _joint_identity(self) -> dict[str, Any]:
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
        """See `training.vectors.Teacher`.

        Of a language that the encoder does not know, words that have no senses are unknown, if they inflect none that
        has.
        """
        profiles, moved = self._profiles, self._moved
        rows, lemma_rows = self._rows(words)
        own = self._own(words, rows=rows, lemma_rows=lemma_rows)
        known = np.any(own, axis=1)
        vectors = np.zeros((len(words), self.width), dtype=np.float32)
        if known.any():
            rows, lemma_rows = rows[known], lemma_rows[known]
            described = Described(own[known], _mixed(profiles.parts, rows=rows, lemma_rows=lemma_rows))
            vectors[known] = self._space.vectors(described, moved=moved, rows=rows, lemma_rows=lemma_rows)
        return vectors, known

    def _own(self, words: Sequence[str], *, rows: np.ndarray, lemma_rows: np.ndarray) -> np.ndarray:
        """The words' own vectors, `(words, width)` float16: that of the profile, else the encoder's, else the lemma's."""
        own = self._profiles.own[rows]
        rest = np.flatnonzero(rows < 0)
        own[rest] = self._knowledge.encode(self._written([words[row] for row in rest]), language=self._language)
        of_lemma = np.flatnonzero(~np.any(own, axis=1) & (lemma_rows >= 0))
        own[of_lemma] = self._profiles.own[lemma_rows[of_lemma]]
        return own

    def make_profiles(self) -> None:
        """Puts the sources together, and writes that to the folder."""
        profiles, graph = self._knowledge.profiles()
        for code, of in profiles.items():
            of.save(self._file(f"profiles-{code}"))
        graph.save(self._file("graph"))  # last: if it is there, all are

    def fit_space(self) -> None:
        """Fits the space to the words of all languages, and writes it to the folder."""
        graph = WordGraph.load(self._made("graph", LexicalTeacher.make_profiles))
        profiles = {each.code: Profiles.load(self._file(f"profiles-{each.code}")) for each in self._knowledge.languages}
        words, frequent = self._fitted(profiles)
        starts = dict(zip(profiles, np.cumsum([0, *(len(of.words) for of in profiles.values())]), strict=False))
        sizes = {code: len(of.words) for code, of in profiles.items()}
        blocks = {"meaning", "own", *words.parts}
        del profiles
        space, moved = LexicalSpace.fit(
            words,
            frequent=frequent,
            weights={name: weight for name, weight in _WEIGHTS.items() if name in blocks},
            near=graph.near,
            opposite=graph.opposite,
            width=self.width,
        )
        for code, start in starts.items():
            save_arrays(self._file(f"moved-{code}"), moved=moved[start : start + sizes[code]])
        space.save(self._file("space"))  # last: if it is there, all are

    def _fitted(self, profiles: dict[str, Profiles]) -> tuple[Described, np.ndarray]:
        """The words of all profiles, then frequent words of all languages that have none, and which are frequent."""
        own, frequent, more = [of.own for of in profiles.values()], [], []
        for language in self._knowledge.languages:
            frequencies = read_frequencies(language.code)
            ordered = sorted(filter(language.spells, frequencies), key=lambda word: (-frequencies[word], word))
            listed = dict.fromkeys(ordered[: self._options.frequent_words])
            has = set(profiles[language.code].words)
            frequent.append(np.fromiter(map(listed.__contains__, profiles[language.code].words), dtype=bool))
            rest = [word for word in listed if word not in has]
            vectors = self._knowledge.encode_once(Spellings(language, written={}).of(rest), language=language)
            more.append(vectors[vectors.any(axis=1)])
        added = sum(map(len, more))
        parts = {
            name: np.concatenate(
                [*(of.parts[name] for of in profiles.values()), np.zeros((added, part.shape[1]), dtype=part.dtype)]
            )
            for name, part in next(iter(profiles.values())).parts.items()
        }
        return Described(np.concatenate([*own, *more]), parts), np.concatenate([*frequent, np.ones(added, dtype=bool)])

    @cached_property
    def _space(self) -> LexicalSpace:
        return LexicalSpace.load(self._made("space", LexicalTeacher.fit_space))

    @cached_property
    def _profiles(self) -> Profiles:
        self._made("graph", LexicalTeacher.make_profiles)
        return Profiles.load(self._file(f"profiles-{self.language}"))

    @cached_property
    def _moved(self) -> np.ndarray:
        self._made("space", LexicalTeacher.fit_space)
        return load_arrays(self._file(f"moved-{self.language}"))["moved"]

    def _made(self, name: str, make: Callable[["LexicalTeacher"], None]) -> Path:
        """A file of the folder, made apart if it was not made before of the same sources."""
        if not self._file(name).is_file():
            run_apart(_make, make=make, options=self._options, lexicon=self._lexicon)
        return self._file(name)

    def _file(self, name: str) -> Path:
        return self._folder / f"{name}-{self._key}.npz"

    @cached_property
    def _key(self) -> str:
        text = json.dumps(self._joint_identity(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

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

    @cached_property
    def _as_written(self) -> tuple[pa.Array, pa.Array]:
        """Words of the list and how they are written, where that is not in lower case."""
        kept = []
        for batch in self._columns.batches("word", "written"):
            kept.append(batch.filter(compute.not_equal(batch["word"], batch["written"])))
        table = pa.Table.from_batches(kept).combine_chunks()
        return table["word"].chunk(0), table["written"].chunk(0)

    def _written(self, words: Sequence[str]) -> list[str]:
        """How the words are given to the encoder."""
        if not self._language.teacher.written:
            return list(words)
        if "written" not in self._columns.names:
            return Spellings(self._language, written={}).of(words)
        asked, (lower, written) = pa.array(words, pa.string()), self._as_written
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


def _make(*, make: Callable[[LexicalTeacher], None], options: Options, lexicon: Path) -> None:
    make(LexicalTeacher(options, lexicon=lexicon))


def open_teacher(options: Options, *, lexicon: Path, folder: Path) -> LexicalTeacher:
    """The teacher for the words of that list. What it keeps is the same for any list, and lies in `options.joint`."""
    return LexicalTeacher(options, lexicon=lexicon)
