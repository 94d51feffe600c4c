"""The tables that a run learns from: one, or those of several languages as one."""

from dataclasses import dataclass
from hashlib import sha256

import numpy as np

from training.common.agreement import MULTILINGUAL
from training.common.errors import InputError
from training.common.rows import unit_rows
from training.distill.settings import DistillSettings
from training.table import TeacherTable, read_table, table_language

# Before a word, the mark of its language: one byte, in the place that follows the beginning of the word. These are
# control characters, which no word holds and no rule of spelling takes for white space.
_MARKERS = [chr(code) for code in range(0x0E, 0x1C)]


@dataclass(frozen=True, kw_only=True)
class JointTable(TeacherTable):
    """A table of several languages: `languages` are they, `of_language` `(words,)` tells which is each word's.

    With `marked`, every word begins with the mark of its language, that of `languages[i]` being `marker(i)`.
    """

    languages: tuple[str, ...]
    of_language: np.ndarray
    marked: bool


def marker(index: int) -> str:
    """What comes before the words of the language that is the `index`-th of the tables."""
    return _MARKERS[index]


def read_tables(settings: DistillSettings) -> tuple[DistillSettings, TeacherTable]:
    """The settings, with the language that the table says, and the table, or the joint one of all tables.

    Raises what `read_table` and `join_tables` raise, and `InputError` for a table of another language than asked for.
    """
    if not settings.tables:
        settings = settings.in_language(table_language(settings.table))
        return settings, read_table(settings.table, lowercase=settings.encoder_config().lowercase).first(settings.words)
    settings = settings.in_language(MULTILINGUAL)
    lowercase = settings.encoder_config().lowercase
    tables = [read_table(path, lowercase=lowercase).first(settings.words) for path in settings.tables]
    return settings, join_tables(tables, names=settings.tables, marked=settings.marker)


def join_tables(tables: list[TeacherTable], *, names: tuple[str, ...], marked: bool) -> JointTable:
    """One table of all words. What several languages write alike is `marked`, and so several words, or it is one.

    As one, it has the mean of its vectors, weighted by occurrences, which is what a student would come to that is
    taught all of them; it counts for as many occurrences as they have together and is a word of the language that has
    most of them. It is held out where any language holds it out. Raises `InputError` for tables that say no language,
    or not that of one space, and for two of one language.
    """
    _check(tables, names=names)
    if len(tables) > len(_MARKERS):
        raise InputError(f"{len(tables)} tables, expected {len(_MARKERS)} at most")
    of_language = np.repeat(np.arange(len(tables)), [len(table.words) for table in tables])
    before = [marker(index) if marked else "" for index in range(len(tables))]
    words = [mark + word for mark, table in zip(before, tables, strict=True) for word in table.words]
    frequencies, vectors, held_out = (
        np.concatenate([getattr(table, name) for table in tables]) for name in ("frequencies", "vectors", "held_out")
    )
    if not marked:
        words, frequencies, vectors, held_out, of_language = _merged(
            words, frequencies=frequencies, vectors=vectors, held_out=held_out, of_language=of_language
        )
    digest = sha256("\n".join([str(marked), *(table.digest for table in tables)]).encode()).hexdigest()
    return JointTable(
        words,
        frequencies,
        vectors,
        held_out,
        digest,
        language=MULTILINGUAL,
        space=tables[0].space,
        languages=tuple(table.language for table in tables),
        of_language=of_language,
        marked=marked,
    )


def _check(tables: list[TeacherTable], *, names: tuple[str, ...]) -> None:
    told = {name: (table.language, table.space, table.width) for name, table in zip(names, tables, strict=True)}
    languages = [table.language for table in tables]
    if not all(languages) or len(set(languages)) < len(languages):
        raise InputError(f"the tables are of the languages {languages}, expected each to say one of its own: {told}")
    if len({(table.space, table.width) for table in tables}) > 1:
        raise InputError(
            f"the tables are not of one space (language, space, width: {told}): teach all with one teacher"
        )


def _merged(
    words: list[str], *, frequencies: np.ndarray, vectors: np.ndarray, held_out: np.ndarray, of_language: np.ndarray
) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Each word once, in the order of their first occurrence."""
    places: dict[str, int] = {}
    group = np.array([places.setdefault(word, len(places)) for word in words])
    occurrences = 10.0 ** frequencies.astype(np.float64)
    totals = np.bincount(group, weights=occurrences)
    sums = np.zeros((len(places), vectors.shape[1]), dtype=np.float32)
    np.add.at(sums, group, vectors * (occurrences / totals[group]).astype(np.float32)[:, None])
    by_occurrences = np.argsort(occurrences, kind="stable")  # what is assigned last stays
    main = np.empty(len(places), dtype=of_language.dtype)
    main[group[by_occurrences]] = of_language[by_occurrences]
    held = np.zeros(len(places), dtype=bool)
    np.logical_or.at(held, group, held_out)
    return list(places), np.log10(totals).astype(np.float32), unit_rows(sums), held, main
