"""Words to measure on, without any evaluation set: frequent words, inflected ones, and words misspelt by rule."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from beast_core import WordEncoder, load_encoder
from training.common.command import count
from training.common.statistics import SEED
from training.languages import read_language
from training.languages.noise import Misspeller
from training.resources.frequencies import most_frequent, read_frequencies

_SHORTEST = 4  # letters: what a shorter word means when it is misspelt, nobody can tell


@dataclass(frozen=True)
class Material:
    """The most frequent words of a language with their Zipf frequencies, its model, and a misspeller of its own."""

    language: str
    words: list[str]
    frequencies: dict[str, float]
    encoder: WordEncoder

    def drawn(self, number: int, *, first: int = 0, last: int | None = None) -> list[str]:
        """Some of the words of ranks `first` to `last`, always the same."""
        longer = [word for word in self.words[first:last] if len(word) >= _SHORTEST and word.isalpha()]
        return Random(SEED).sample(longer, min(number, len(longer)))

    def drawn_as_in_text(self, number: int) -> list[str]:
        """Words as often as they come in text, always the same."""
        longer = [word for word in self.words if len(word) >= _SHORTEST and word.isalpha()]
        return Random(SEED).choices(longer, weights=[10 ** self.frequencies[word] for word in longer], k=number)

    def misspelt(self, words: Sequence[str], *, each: int = 1) -> list[tuple[str, str]]:
        """Misspellings, none of which is a word of the list, with the word that was meant."""
        random, misspell, real = Random(SEED), Misspeller(read_language(self.language).noise), set(self.words)
        pairs = [(misspell(word, random=random, real_words=real), word) for word in words for _ in range(each)]
        return [(wrong, right) for wrong, right in pairs if wrong != right]


def read_material(options: argparse.Namespace) -> Material:
    """What `add_material` asks for. Raises `InputError`, and `beast_core.UnknownLanguageError` where no model is."""
    encoder = load_encoder(options.model or None, language=None if options.model else options.language)
    frequencies = read_frequencies(options.language)
    words = [
        word
        for word in most_frequent(frequencies, count=2 * options.among)
        if read_language(options.language).is_word(word)
    ]
    return Material(options.language, words[: options.among], frequencies, encoder)


def add_material(parser: argparse.ArgumentParser) -> None:
    """The options that say which words and which model."""
    parser.add_argument("--language", default="es", help="code of the language (es)")
    parser.add_argument("--model", help="a model folder; the one that comes with the package if not given")
    parser.add_argument("--among", type=count, default=50_000, help="how many of the most frequent words (50,000)")
