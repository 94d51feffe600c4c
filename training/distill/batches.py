"""The stream of batches: the same words in the same order on every machine, however many processes share them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import torch
from torch import Tensor

from beast_core import EncoderConfig, encode_words
from beast_core.spelling import normalise_words
from training.distill.joining import JointTable
from training.languages import read_language
from training.languages.noise import CasedMisspeller, Misspeller
from training.table import TeacherTable


@dataclass(frozen=True)
class Batch:
    """One process's part of a batch, and the teacher's side of the whole of it.

    Of its words, the bytes `(words, window)` and lengths `(words,)`; `candidates` are the teacher's vectors of the
    distinct words of the whole batch, `(distinct words, width)`, and `rows` `(words,)` tells which is a word's own.
    """

    word_bytes: Tensor
    lengths: Tensor
    rows: Tensor
    candidates: Tensor


class Batches:
    """Shuffled, partly misspelt batches of the words that are not held out, of frequent ones more.

    Batch `i` of epoch `e` depends on the seed, `e` and `i` alone: a resumed run continues where it was, and each of
    several processes takes every n-th part of the same batch. Words are misspelt as their language's are; `language`
    is that of a table which is not joint. `shares` `(words,)` are those that words have of an epoch.
    """

    def __init__(
        self,
        table: TeacherTable,
        *,
        config: EncoderConfig,
        batch_size: int,
        language: str,
        noise_share: float,
        frequency_power: float,
        seed: int,
    ) -> None:
        seen = np.flatnonzero(~table.held_out)
        self.words = [table.words[row] for row in seen]
        self.targets = torch.from_numpy(table.vectors[seen])
        self.config = config
        self.batch_size = batch_size
        self.noise_share = noise_share
        self.seed = seed
        weights = (10.0 ** table.frequencies[seen].astype(np.float64)) ** frequency_power
        self.shares = weights / weights.sum()
        self._noise = _Noise(table, rows=seen, language=language, config=config) if noise_share else None
        self._word_bytes, self._lengths = map(torch.from_numpy, encode_words(self.words, config=config))

    @property
    def per_epoch(self) -> int:
        """Batches of as many words as there are; the last is filled up from the beginning of the epoch's order."""
        return -(-len(self.words) // self.batch_size)

    def epoch(self, number: int, *, start: int = 0, part: int = 0, parts: int = 1) -> Iterator[Batch]:
        """The batches of one epoch from the `start`-th on, of each the rows `part, part + parts, ...`."""
        order = np.resize(self._order(number), self.per_epoch * self.batch_size)
        for index in range(start, self.per_epoch):
            rows = order[index * self.batch_size : (index + 1) * self.batch_size]
            yield self._batch(rows, random=Random(f"{self.seed} {number} {index}"), part=part, parts=parts)

    def _order(self, number: int) -> np.ndarray:
        """Each word as often as its share asks for, rounded down or up at random (systematic sampling); shuffled."""
        random, count = np.random.default_rng((self.seed, number)), len(self.words)
        ends = np.minimum(np.cumsum(self.shares) * count, count)
        ends[-1] = count  # whatever rounding made of it
        return random.permutation(np.searchsorted(ends, np.arange(count) + random.random(), side="right"))

    def _batch(self, rows: np.ndarray, *, random: Random, part: int, parts: int) -> Batch:
        distinct, places = map(torch.from_numpy, np.unique(rows, return_inverse=True))
        own = places[part::parts]
        word_bytes, lengths = self._word_bytes[distinct[own]], self._lengths[distinct[own]]
        # Every process draws the noise of the whole batch, so that the draws do not depend on how many there are.
        noisy: dict[int, str] = {}
        for place, row in enumerate(rows.tolist()):
            if self._noise and random.random() < self.noise_share:
                word = self._noise.misspell(row, random=random)
                if place % parts == part:
                    noisy[place // parts] = word
        if noisy:
            changed = torch.tensor(list(noisy))
            word_bytes[changed], lengths[changed] = map(
                torch.from_numpy, encode_words(list(noisy.values()), config=self.config)
            )
        return Batch(word_bytes, lengths, own, self.targets[distinct])


class _Noise:
    """Misspells those words of a table which are in `rows`, each as its language's are, and into no other word of it.

    What a table that does not mark languages holds of any of them is a word of it. The marks themselves stay.
    """

    def __init__(self, table: TeacherTable, *, rows: np.ndarray, language: str, config: EncoderConfig) -> None:
        joint = table if isinstance(table, JointTable) else None
        languages, of_language = (joint.languages, joint.of_language) if joint else ((language,), None)
        misspellers = [Misspeller(read_language(code).noise) for code in languages]
        self._misspellers: Sequence[Callable[..., str]] = misspellers
        if not config.lowercase:
            self._misspellers = [CasedMisspeller(misspeller) for misspeller in misspellers]
        self._marked = bool(joint and joint.marked)
        # As the encoder reads them, in lower case mostly.
        words = normalise_words(table.words, lowercase=config.lowercase, spelling=config.spelling)
        self._real_words = frozenset(words)
        self._words = [words[row] for row in rows]
        self._which = None if of_language is None else of_language[rows].tolist()

    def misspell(self, row: int, *, random: Random) -> str:
        misspeller = self._misspellers[self._which[row] if self._which else 0]
        word = self._words[row]
        if not self._marked:
            return misspeller(word, random=random, real_words=self._real_words)
        marked = word[0] + misspeller(word[1:], random=random)
        return word if marked in self._real_words else marked


def check_distinct(words: Sequence[str], *, config: EncoderConfig) -> None:
    """Raises `ValueError` if several words are one to an encoder, by its spelling rule and its `lowercase`."""
    seen: dict[str, str] = {}
    spelled = normalise_words(words, lowercase=config.lowercase, spelling=config.spelling)
    twins = [
        (first, word)
        for word, spelling in zip(words, spelled, strict=True)
        if (first := seen.setdefault(spelling, word)) != word
    ]
    if twins:
        reads = f"lowercase = {str(config.lowercase).lower()}, spelling = {config.spelling}"
        raise ValueError(
            f"{len(twins)} words of the table are the same to the encoder ({reads}), for example {twins[:3]}; "
            "keep one vector of each, or set encoder.lowercase=false"
        )
