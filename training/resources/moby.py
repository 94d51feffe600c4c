"""English words as points among related words: Grady Ward's Moby Thesaurus II, from the npm package `moby`.

The thesaurus (https://www.gutenberg.org/ebooks/3202, in the public domain; the package around it is under MIT) has an
entry a line: a headword and the words that have to do with it, in any sense of it, separated by commas.
"""

import tarfile
import zlib
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from scipy import sparse
from sklearn.utils.extmath import randomized_svd
from threadpoolctl import threadpool_limits

from training.resources.downloads import SourceError, download

MOBY_URL = "https://registry.npmjs.org/moby/-/moby-1.1.2.tgz"
# Of the archive, as the registry gives it (in base64) under `dist.integrity`.
MOBY_SHA512 = (
    "d6d1703816bebe0d36a635c0972ace151553997ae1c0d879128f8c95d1d12d3f"
    "e99e989b7ba074de3418bfd28a9afd56ac66c187454fb7b32a4fe63c81eaa80a"
)

_MEMBER = "package/words.txt"

# Rare contexts would have too much weight without it: the value of Levy, Goldberg and Dagan, and of word2vec.
_SMOOTHING = 0.75
# Directions beside those wanted, and passes over the matrix. With these the cosines of related words correlate 0.997
# with those of the exact decomposition, which takes half as long again; with half the passes 0.990.
_OVERSAMPLES = 20
_PASSES = 8


def download_moby(folder: Path) -> Path:
    """The package's archive, kept in `folder`. Raises `SourceError` if it cannot be had or is another."""
    return download(MOBY_URL, sha512=MOBY_SHA512, folder=folder)


def read_entries(archive: Path) -> Iterator[list[str]]:
    """Each headword with its related words behind it, lower-cased.

    Raises `SourceError` if the thesaurus is not in the archive.
    """
    try:
        with tarfile.open(archive) as files:
            member = files.extractfile(_MEMBER)
            content = member.read().decode("utf-8").lower() if member else ""
    except (tarfile.TarError, KeyError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise SourceError(f"{archive} is not the npm package moby with its words.txt ({error})") from error
    if not content:
        raise SourceError(f"{archive}: words.txt is empty, expected a headword and its related words in each line")
    for line in content.splitlines():
        terms = [term for term in map(str.strip, line.split(",")) if term]
        if terms:
            yield terms


def embed_terms(entries: Iterable[list[str]], *, width: int = 200, seed: int = 0) -> tuple[list[str], np.ndarray]:
    """The distinct terms, in the order in which they come, and their vectors `(terms, width)` float32.

    A headword and each word of its entry are related, either way, and each term is to itself. Of this matrix of zeros
    and ones the positive pointwise mutual information, with smoothed contexts (Levy, Goldberg and Dagan 2015, Improving
    distributional similarity with lessons learned from word embeddings, https://aclanthology.org/Q15-1016), is
    decomposed by a randomised range finder (Halko, Martinsson and Tropp 2011, Finding structure with randomness,
    https://arxiv.org/abs/0909.4061); the left singular vectors are scaled by the roots of the singular values. Equal
    input and seed give equal bytes on a machine. All of Moby takes half a minute of one thread and 1 GB. Raises
    `ValueError` for a width below 1 or above the number of terms.
    """
    terms, related = _relate(entries)
    if not 1 <= width <= len(terms):
        raise ValueError(f"width is {width}, expected 1 to {len(terms)}, the number of distinct terms")
    with threadpool_limits(1):  # another number of threads would sum in another order
        vectors, values, _ = randomized_svd(
            _positive_information(related),
            n_components=width,
            n_oversamples=_OVERSAMPLES,
            n_iter=_PASSES,
            power_iteration_normalizer="QR",
            flip_sign=True,
            random_state=seed,
        )
    return terms, np.ascontiguousarray(vectors * np.sqrt(values), dtype=np.float32)


def _relate(entries: Iterable[list[str]]) -> tuple[list[str], sparse.csr_array]:
    """The distinct terms and which are related, a symmetric matrix `(terms, terms)` of zeros and ones."""
    rows: dict[str, int] = {}
    heads, others = array("i"), array("i")
    for entry in entries:
        numbers = [rows.setdefault(term, len(rows)) for term in entry]
        heads.extend(numbers[:1] * len(numbers))
        others.extend(numbers)
    diagonal = np.arange(len(rows), dtype=np.int32)
    first = np.concatenate([heads, others, diagonal])
    second = np.concatenate([others, heads, diagonal])
    ones = np.ones(len(first), dtype=np.float32)
    related = sparse.coo_array((ones, (first, second)), shape=(len(rows), len(rows))).tocsr()
    related.data[:] = 1  # however often it was said
    return list(rows), related


def _positive_information(related: sparse.csr_array) -> sparse.csr_array:
    """max(0, log P(row, column) / P(row) P'(column)), where P' is proportional to the column's sum ** 0.75."""
    sums = related.sum(axis=1, dtype=np.float64)
    contexts = sums**_SMOOTHING / np.sum(sums**_SMOOTHING)
    row, column = related.nonzero()
    information = np.maximum(-np.log(sums[row] * contexts[column]), 0).astype(np.float32)
    positive = sparse.csr_array((information, (row, column)), shape=related.shape)
    positive.eliminate_zeros()
    return positive
