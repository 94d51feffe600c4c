"""What English knows of words of all languages: through the senses that they share with English lemmas.

A profile is the mean of the vectors of a word's translations, in several encoders, and of its senses' definitions,
weighted by how much of the word each sense is.
"""

from collections.abc import Callable, Collection, Container, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from training.common.rows import pieces, unit_rows
from training.vectors.lexical.graph import has_entries, incidence, row_shares
from training.vectors.lexical.senses import Sense

# Senses are weighed by the cosine between the word and the centre of all words of the sense, in a softmax of this
# temperature: words that were translated by a machine into a sense where they do not belong are far from its centre.
_TEMPERATURE = 0.25
# Senses that were met often in tagged English text are likelier; the power keeps rare ones in.
_COUNT_POWER = 0.3
_LEAST_SHARE = 0.02
_ENGLISH_SHARE = 2.0  # of a sense's centre, against 1 for its words, which are what is in doubt

# The influence of a rare word on the senses and the words that it has to do with, against 1 for a frequent one.
_LED = 0.01

# Some definitions only make sense after the lemmas they define.
_LEMMAS_BEFORE_DEFINITION = 4


@dataclass(frozen=True)
class SenseTable:
    """Words of all languages by their labels, their senses and the senses' English lemmas.

    `members` `(senses, words)` and `english` `(senses, lemmas)` say with 1 which belong to a sense; `links` and
    `opposites` are `(senses, senses)`; `counts` `(senses,)`. `influence` `(words,)` is 1 for words that lead, little
    for the others: rare words are many, and dictionaries are surest of frequent ones.
    """

    words: list[str]
    lemmas: list[str]
    definitions: list[str]
    members: sparse.csr_array
    english: sparse.csr_array
    links: sparse.csr_array
    opposites: sparse.csr_array
    counts: np.ndarray
    influence: np.ndarray

    @classmethod
    def of(cls, senses: Mapping[str, Sense], *, leading: Container[str]) -> "SenseTable":
        """The table of all senses, and which of their words are among those `leading`.

        Definitions are put after their lemmas, and are empty where there is none.
        """
        rows = {key: row for row, key in enumerate(senses)}
        words = sorted({word for sense in senses.values() for word in sense.words})
        lemmas = sorted({lemma for sense in senses.values() for lemma in sense.english})
        word_rows, lemma_rows = ({text: row for row, text in enumerate(texts)} for texts in (words, lemmas))
        definitions = [
            f"{', '.join(sense.english[:_LEMMAS_BEFORE_DEFINITION])}: {sense.definition}" if sense.definition else ""
            for sense in senses.values()
        ]

        def matrix(texts: Callable[[Sense], Collection[str]], columns: Mapping[str, int]) -> sparse.csr_array:
            pairs = (
                (rows[key], columns[text], 1.0)
                for key, sense in senses.items()
                for text in texts(sense)
                if text in columns
            )
            return incidence(pairs, shape=(len(rows), len(columns)))

        return cls(
            words,
            lemmas,
            definitions,
            members=matrix(lambda sense: sense.words, word_rows),
            english=matrix(lambda sense: sense.english, lemma_rows),
            links=matrix(lambda sense: sense.neighbours, rows),
            opposites=matrix(lambda sense: sense.antonyms, rows),
            counts=np.array([sense.count for sense in senses.values()], dtype=np.float32),
            influence=np.array([1.0 if word in leading else _LED for word in words], dtype=np.float32),
        )

    def centres(self, own: np.ndarray, *, encoded: np.ndarray, lemma_vectors: np.ndarray) -> np.ndarray:
        """A unit vector for each sense, `(senses, width)` float32: the mean of its words' and of its lemmas' means.

        `own` `(words, width)` are the words' vectors, of which only those count that were `encoded` `(words,)` bool;
        `lemma_vectors` `(lemmas, width)` are of the same encoder. Zeros for a sense of which nothing was encoded.
        """
        of_words = row_shares(sparse.csr_array(self.members @ sparse.diags_array(self.influence * encoded)))
        centres = of_words @ _units(own)
        centres += row_shares(self.english) @ _units(lemma_vectors)
        return unit_rows(centres)

    def weights(self, own: np.ndarray, *, lemma_vectors: np.ndarray) -> sparse.csr_array:
        """How much of each word each of its senses is, `(words, senses)`, rows that sum to 1.

        The vectors, `(words, width)` and `(lemmas, width)`, are of one encoder for all languages.
        """
        words_centred = _centred_units(own)
        led = sparse.csr_array(self.members @ sparse.diags_array(self.influence))
        centres = row_shares(led) @ words_centred
        centres += _ENGLISH_SHARE * (row_shares(self.english) @ _centred_units(lemma_vectors))
        lengths = np.linalg.norm(centres, axis=1)
        pairs = sparse.coo_array(self.members.T)
        words, senses = pairs.coords
        products = [(words_centred[words[rows]] * centres[senses[rows]]).sum(axis=1) for rows in pieces(len(words))]
        cosines = np.concatenate(products) / np.where(lengths > 0, lengths, 1)[senses]
        weights = np.exp(cosines / _TEMPERATURE) * (1 + self.counts[senses]) ** _COUNT_POWER
        # A sense that a word shares with rare words alone, and with no English lemma, says less than its others.
        company = (
            np.asarray(led.sum(axis=1)).ravel()[senses] - self.influence[words] + has_entries(self.english)[senses]
        )
        weights *= np.minimum(company, 1)
        shares = row_shares(sparse.csr_array(sparse.coo_array((weights, (words, senses)), shape=pairs.shape)))
        shares.data[shares.data < _LEAST_SHARE] = 0
        shares.eliminate_zeros()
        return row_shares(shares)


def of_translations(
    weights: sparse.csr_array, *, table: SenseTable, centres: np.ndarray, lemma_vectors: np.ndarray
) -> np.ndarray:
    """Means `(words, width)` float16 of what the lemmas and the centres of a word's senses say, of equal weight.

    `lemma_vectors` `(lemmas, width)` and `centres` `(senses, width)` are of one encoder.
    """
    of_words = of_lemmas(weights, table=table, vectors=lemma_vectors, centred=False)
    for rows in pieces(len(of_words)):
        of_words[rows] = unit_rows(of_words[rows].astype(np.float32)) + unit_rows(weights[rows] @ centres)
    return of_words


def mean_rows(shares: sparse.csr_array, *, rows: np.ndarray) -> np.ndarray:
    """Unit vectors `(words, width)` float16 along means of `rows` `(senses, width)`; `shares` are `(words, senses)`."""
    means = np.empty((shares.shape[0], rows.shape[1]), dtype=np.float16)
    for piece in pieces(len(means)):
        means[piece] = unit_rows(shares[piece] @ rows)
    return means


def of_lemmas(weights: sparse.csr_array, *, table: SenseTable, vectors: np.ndarray, centred: bool = True) -> np.ndarray:
    """Means `(words, width)` float16 of the lemmas' vectors `(lemmas, width)`; zeros where a word has none of them."""
    return _means(row_shares(weights @ row_shares(table.english)), vectors, centred=centred)


def of_definitions(weights: sparse.csr_array, *, table: SenseTable, vectors: np.ndarray) -> np.ndarray:
    """Means `(words, width)` float16 of the vectors of the definitions that are there, `(definitions, width)`."""
    defined = np.flatnonzero([bool(text) for text in table.definitions])
    return _means(row_shares(sparse.csr_array(weights[:, defined])), vectors, centred=True)


def _means(shares: sparse.csr_array, vectors: np.ndarray, *, centred: bool) -> np.ndarray:
    """Means of unit vectors, `centred` before; a row of zeros among the vectors counts as none."""
    there = np.any(vectors, axis=1)
    vectors = _centred_units(vectors, there=there) if centred else _units(vectors)
    means = np.concatenate([(shares[rows] @ vectors).astype(np.float16) for rows in pieces(shares.shape[0])])
    means[~has_entries(shares)] = 0
    return means


def _centred_units(vectors: np.ndarray, *, there: np.ndarray | None = None) -> np.ndarray:
    """Rows less their mean, at length 1, float32; those not `there` `(rows,)` bool are zeros and do not count."""
    centred = vectors.astype(np.float32)
    centred -= centred.mean(axis=0) if there is None else centred[there].mean(axis=0)
    _scale(centred)
    if there is not None:
        centred[~there] = 0
    return centred


def _units(vectors: np.ndarray) -> np.ndarray:
    units = vectors.astype(np.float32)
    _scale(units)
    return units


def _scale(rows: np.ndarray) -> None:
    """Scales rows to length 1, but for zeros, piece by piece and in place: these are the largest matrices of all."""
    for piece in pieces(len(rows)):
        lengths = np.linalg.norm(rows[piece], axis=1, keepdims=True)
        rows[piece] /= np.where(lengths > 0, lengths, 1)
