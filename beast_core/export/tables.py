"""The vectors of a list of words in the formats of others: word2vec's text, gensim's KeyedVectors, NumPy's arrays.

Vectors are computed and written some thousand words at a time, so that beside the words themselves no list of any
length takes more memory.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import numpy as np

from beast_core.encoding import check_words
from beast_core.export.words import refuse_words
from beast_core.files import replace_file, working_folder
from beast_core.inference import WordEncoder
from beast_core.needs import needs_export
from beast_core.spelling import LONG_HEAD, LONG_TAIL
from beast_core.threads import split

_WORDS_AT_ONCE = 4096
_LONGEST_WORD = LONG_HEAD + LONG_TAIL
# Entries of a table, 4 MB, from which on gensim keeps it beside the rest, where it can be mapped.
_SEPARATE_FROM = 2**20


def write_word2vec(encoder: WordEncoder, *, words: Sequence[str], output: Path) -> None:
    """word2vec's text: a line with the number of words and of entries, then one a word, which spaCy's `init vectors`,
    gensim's `load_word2vec_format` and many others read. Entries have six decimals.

    Raises `ValueError` for words that have white space within, as it ends a word there, and for none at all.
    """
    words = _listed(words)
    refuse_words(
        words,
        wrong=lambda word: word.split() != [word],
        problem="are empty or have white space within, which word2vec's text cannot hold; gensim and numpy can",
    )
    line = " ".join(["%.6f"] * encoder.width)
    with replace_file(output) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.write(f"{len(words)} {encoder.width}\n")
        for part, vectors in _computed(encoder, words):
            file.writelines(f"{word} {line % tuple(vector)}\n" for word, vector in zip(part, vectors, strict=True))


def write_keyed_vectors(encoder: WordEncoder, *, words: Sequence[str], output: Path) -> None:
    """gensim's KeyedVectors, which `KeyedVectors.load(output, mmap="r")` reads: `output`, and its vectors beside it in
    `output.vectors.npy` if there are many of them. What the model says of its language and space are attributes.

    While both are put into their places, `output` is not there: a crash leaves no mixture of old and new ones. Raises
    `ValueError` for a word that is there twice, and for none at all; `ImportError` without gensim.
    """
    with needs_export("an export for gensim"):
        from gensim.models import KeyedVectors
    words = _listed(words)
    output.parent.mkdir(parents=True, exist_ok=True)
    with working_folder(output.parent, name=output.name) as folder:
        with (folder / "computed.npy").open("wb") as file:
            vectors = (vectors for _, vectors in _computed(encoder, words))
            _write_array(file, shape=(len(words), encoder.width), dtype=np.dtype(np.float32), parts=vectors)
        keyed = KeyedVectors(encoder.width)
        keyed.index_to_key, keyed.vectors = words, np.load(folder / "computed.npy", mmap_mode="r")
        keyed.key_to_index = dict(zip(words, range(len(words)), strict=True))
        keyed.language, keyed.space = encoder.language, encoder.space
        keyed.save(str(folder / output.name), sep_limit=_SEPARATE_FROM)
        output.unlink(missing_ok=True)
        beside = f"{output.name}.vectors.npy"
        (output.parent / beside).unlink(missing_ok=True)
        for name in (beside, output.name):
            if (folder / name).exists():
                (folder / name).replace(output.parent / name)


def write_numpy(encoder: WordEncoder, *, words: Sequence[str], output: Path) -> None:
    """An archive that `numpy.load` reads without pickle: `words` `(words,)`, `vectors` `(words, width)` float32, and
    the model's `language` and `space`, each one text.

    Raises `ValueError` for words of more than 192 code points, as NumPy takes as much for each word as for the longest,
    for those that end in NUL, which it would lose, and for none at all.
    """
    words = _listed(words)
    refuse_words(
        words, wrong=lambda word: len(word) > _LONGEST_WORD, problem=f"are longer than {_LONGEST_WORD} code points"
    )
    refuse_words(words, wrong=lambda word: word.endswith("\0"), problem="end in NUL, which NumPy's texts would lose")
    texts = np.dtype(f"U{max(map(len, words)) or 1}")
    with replace_file(output) as temporary, ZipFile(temporary, "w") as archive:
        for name, text in (("language", encoder.language), ("space", encoder.space)):
            array = np.array(text)
            _add(archive, name, shape=(), dtype=array.dtype, parts=[array])
        parts = (np.array(part, dtype=texts) for part in _parts(words))
        _add(archive, "words", shape=(len(words),), dtype=texts, parts=parts)
        vectors = (vectors for _, vectors in _computed(encoder, words))
        _add(archive, "vectors", shape=(len(words), encoder.width), dtype=np.dtype(np.float32), parts=vectors)


def _listed(words: Sequence[str]) -> list[str]:
    listed = check_words(words)
    repeated = len(listed) - len(set(listed))
    if repeated or not listed:
        raise ValueError(f"got {len(listed):,} words, {repeated:,} of them repeated; expected at least one, each once")
    return listed


def _parts(words: list[str]) -> Iterator[list[str]]:
    return (words[part] for part in split(len(words), size=_WORDS_AT_ONCE))


def _computed(encoder: WordEncoder, words: list[str]) -> Iterator[tuple[list[str], np.ndarray]]:
    for part in _parts(words):
        yield part, encoder.encode(part)


def _add(
    archive: ZipFile, name: str, *, shape: tuple[int, ...], dtype: np.dtype[Any], parts: Iterable[np.ndarray]
) -> None:
    """Adds an array by its parts, in NumPy's format; always with one date, so that equal arrays are equal bytes."""
    entry = ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
    if dtype.kind == "U":  # mostly zeros
        entry.compress_type = ZIP_DEFLATED
    with archive.open(entry, "w", force_zip64=True) as file:
        _write_array(file, shape=shape, dtype=dtype, parts=parts)


def _write_array(file: IO[bytes], *, shape: tuple[int, ...], dtype: np.dtype[Any], parts: Iterable[np.ndarray]) -> None:
    header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(file, header)
    for part in parts:
        file.write(part.tobytes())
