"""Spelling noise by rule: what hurried fingers and ears do to a word. No list of real mistakes is used.

A student that has seen such spellings answers with the vector of the word that was meant. The rules are those of any
language; which letters they are about is in the record of each, `training/languages/`.
"""

import unicodedata
from bisect import bisect
from collections.abc import Callable, Container
from itertools import accumulate
from random import Random

from training.languages.record import MisspellingRule, Noise

# How often each is tried, relative to the others: what is not heard, not learnt or not written out, lost accents above
# all; and slips of the fingers, a letter lost, put in, hit beside or swapped (Damerau 1964, A technique for computer
# detection and correction of spelling errors: four in five misspellings are one of these).
_WEIGHTS: dict[MisspellingRule, float] = {
    "drop_accents": 6.0,
    "misplace_accent": 2.0,
    "sound_alike": 4.0,
    "mistake_double": 2.0,
    "add_silent_letter": 0.5,
    "drop_weak_sound": 1.0,
    "lengthen": 1.5,
    "drop_vowels": 0.5,
    "swap_letters": 4.0,
    "lose_letter": 4.0,
    "insert_letter": 2.0,
    "double_letter": 1.0,
    "hit_neighbour": 2.0,
}

# Of noisy words, those that get a second mistake.
_SECOND = 0.3

# Of noisy words that an encoder reads with their capitals, those that get others: and then as at the start of a
# sentence, or shouted, or in lower case, as people chat.
_OTHER_CASE = 0.6
_AS_AT_A_START, _SHOUTED = 0.6, 0.25

_Rule = Callable[[str, Random], str]


class Misspeller:
    """Misspells words of one language, as its record says. What its record has no letters for is no rule of it.

    All words of a training pass here, so that everything that can be is looked up once, at the beginning.
    """

    def __init__(self, noise: Noise) -> None:
        self._near = _neighbours(noise.keyboard)
        self._bare = _Bare(noise)
        self._accents = noise.accents
        self._vowels = frozenset(noise.vowels)
        self._without_vowels = str.maketrans("", "", noise.vowels)
        both_ways = [pair for a, b in noise.sound_alike for pair in ((a, b), (b, a))]
        self._sound_alike = [pair for pair in both_ways if pair[0]]
        self._doubled = frozenset(noise.doubled)
        self._silent_letter = noise.silent_letter
        self._weak_endings, self._weak_letters = noise.weak_endings, noise.weak_letters
        rules: dict[MisspellingRule, tuple[_Rule, bool]] = {
            "drop_accents": (self._drop_accents, bool(noise.accents)),
            "misplace_accent": (self._misplace_accent, bool(noise.accents)),
            "sound_alike": (self._take_sound_alike, bool(noise.sound_alike)),
            "mistake_double": (self._mistake_double, bool(noise.doubled)),
            "add_silent_letter": (self._add_silent_letter, bool(noise.silent_letter)),
            "drop_weak_sound": (self._drop_weak_sound, bool(noise.weak_endings or noise.weak_letters)),
            "lengthen": (self._lengthen, True),
            "drop_vowels": (self._drop_vowels, True),
            "swap_letters": (_swap_letters, True),
            "lose_letter": (_lose_letter, True),
            "insert_letter": (self._insert_letter, True),
            "double_letter": (_double_letter, True),
            "hit_neighbour": (self._hit_neighbour, True),
        }
        weights = {**_WEIGHTS, **noise.weights}
        self._rules = [rule for rule, fits in rules.values() if fits]
        self._ends = list(accumulate(weights[name] for name, (_, fits) in rules.items() if fits))

    def __call__(self, word: str, *, random: Random, real_words: Container[str] = ()) -> str:
        """The word with one mistake, sometimes two. Never another real word: 'baca' stands for itself, not for 'vaca'.

        Words of one or two letters are only lengthened. Returns the word itself where the rules drawn have nothing to
        do. The same state of `random` gives the same answer.
        """
        noisy = word
        if len(word) < 3:  # any other rule would leave too little of it
            noisy = self._lengthen(word, random) if word else word
        else:
            draw, ends = random.random, self._ends
            last = len(ends) - 1
            for _ in range(1 + (draw() < _SECOND)):
                rule = self._rules[bisect(ends, draw() * ends[-1], 0, last)]
                if len(noisy) > 2:
                    noisy = rule(noisy, random)
        return word if noisy in real_words else noisy

    def without_accents(self, word: str) -> str:
        """'árbol' -> 'arbol'; a letter of its own, such as ñ, stays."""
        return word if word.isascii() else word.translate(self._bare)

    def _drop_accents(self, word: str, random: Random) -> str:
        return self.without_accents(word)

    def _misplace_accent(self, word: str, random: Random) -> str:
        """'examen' -> 'exámen'."""
        bare = self.without_accents(word)
        places = [index for index, letter in enumerate(bare) if letter in self._accents]
        if not places:
            return word
        index = places[_below(len(places), random)]
        marked = self._accents[bare[index]]
        return bare[:index] + (marked if len(marked) == 1 else random.choice(marked)) + bare[index + 1 :]

    def _take_sound_alike(self, word: str, random: Random) -> str:
        """'hacer' -> 'acer', 'vaca' -> 'baca'."""
        fitting = [pair for pair in self._sound_alike if pair[0] in word]
        if not fitting:
            return word
        written, meant = fitting[_below(len(fitting), random)]
        places = [index for index in range(len(word)) if word.startswith(written, index)]
        index = places[_below(len(places), random)]
        return word[:index] + meant + word[index + len(written) :]

    def _mistake_double(self, word: str, random: Random) -> str:
        """'address' -> 'adress'; 'until' -> 'untill', where nothing is doubled."""
        places = [index for index in range(1, len(word)) if word[index] == word[index - 1] in self._doubled]
        if places:
            return _without(word, places[_below(len(places), random)])
        places = [index for index in range(1, len(word)) if word[index] in self._doubled]
        return _twice(word, places[_below(len(places), random)]) if places else word

    def _add_silent_letter(self, word: str, random: Random) -> str:
        """'echar' -> 'hechar'."""
        return self._silent_letter + word if word[0] in self._vowels else word

    def _drop_weak_sound(self, word: str, random: Random) -> str:
        """'cansado' -> 'cansao', 'verdad' -> 'verda', 'entonces' -> 'entonce'."""
        fitting = [pair for pair in self._weak_endings if word.endswith(pair[0])]
        if fitting:
            written, spoken = fitting[0] if len(fitting) == 1 else random.choice(fitting)
            return word.removesuffix(written) + spoken
        return word[:-1] if word[-1] in self._weak_letters else word

    def _lengthen(self, word: str, random: Random) -> str:
        """'gol' -> 'gooool': a vowel or the last letter held, as in shouted messages."""
        places = [index for index, letter in enumerate(word) if letter in self._vowels]
        places.append(len(word) - 1)
        index = places[_below(len(places), random)]
        return word[:index] + word[index] * (2 + _below(5, random)) + word[index + 1 :]

    def _drop_vowels(self, word: str, random: Random) -> str:
        """'mensaje' -> 'mnsj': shorthand."""
        return word[0] + word[1:].translate(self._without_vowels)

    def _hit_neighbour(self, word: str, random: Random) -> str:
        """'casa' -> 'cass': a key beside the right one."""
        index = _below(len(word), random)
        near = self._near.get(word[index])
        return word[:index] + near[_below(len(near), random)] + word[index + 1 :] if near else word

    def _insert_letter(self, word: str, random: Random) -> str:
        """'casa' -> 'casda': a neighbouring key hit as well."""
        index = _below(len(word), random)
        near = self._near.get(word[index])
        return word[: index + 1] + near[_below(len(near), random)] + word[index + 1 :] if near else word


def _lose_letter(word: str, random: Random) -> str:
    """'trabajo' -> 'trabjo'."""
    return _without(word, _below(len(word), random))


def _double_letter(word: str, random: Random) -> str:
    """'caro' -> 'carro'."""
    return _twice(word, _below(len(word), random))


class CasedMisspeller:
    """Misspells words that are read with their capitals: as `Misspeller` does in lower case, or their capitals.

    A student that has seen `Los` and `LOS` answers with the vector of `los`. Where the capital makes another word of
    the list, as in `Rosa`, it is never put, and never taken.
    """

    def __init__(self, misspell: Misspeller) -> None:
        self._misspell = misspell

    def __call__(self, word: str, *, random: Random, real_words: Container[str] = ()) -> str:
        """The word in other capitals, or with a mistake and its own; see `Misspeller`."""
        if random.random() < _OTHER_CASE:
            drawn = random.random()
            noisy = word.lower()
            if drawn < _AS_AT_A_START:
                noisy = noisy[:1].upper() + noisy[1:]
            elif drawn < _AS_AT_A_START + _SHOUTED:
                noisy = noisy.upper()
        else:
            noisy = self._misspell(word.lower(), random=random)
            if word.isupper() and len(word) > 1:
                noisy = noisy.upper()
            elif word[:1].isupper():
                noisy = noisy[:1].upper() + noisy[1:]
        return word if noisy in real_words else noisy


def _swap_letters(word: str, random: Random) -> str:
    """'pero' -> 'preo'."""
    index = _below(len(word) - 1, random)
    return word[:index] + word[index + 1] + word[index] + word[index + 2 :]


def _without(word: str, index: int) -> str:
    return word[:index] + word[index + 1 :]


def _twice(word: str, index: int) -> str:
    return word[:index] + word[index] + word[index:]


def _below(count: int, random: Random) -> int:
    """What `random.randrange(count)` draws, in half of its time."""
    bits = count.bit_length()
    drawn = random.getrandbits(bits)
    while drawn >= count:
        drawn = random.getrandbits(bits)
    return drawn


def _neighbours(keyboard: tuple[str, ...]) -> dict[str, str]:
    keys = {letter: (row, column) for row, line in enumerate(keyboard) for column, letter in enumerate(line)}
    return {
        letter: "".join(
            other for other, at in keys.items() if other != letter and abs(at[0] - r) <= 1 >= abs(at[1] - c)
        )
        for letter, (r, c) in keys.items()
    }


class _Bare(dict[int, str]):
    """A letter without its marks, for `str.translate`: as the record says, else by Unicode; filled as it is asked."""

    def __init__(self, noise: Noise) -> None:
        super().__init__({ord(letter): bare for bare, marked in noise.accents.items() for letter in marked})
        self.update({ord(letter): letter for letter in noise.kept_letters})

    def __missing__(self, code: int) -> str:
        letters = unicodedata.normalize("NFD", chr(code))
        self[code] = "".join(letter for letter in letters if not unicodedata.combining(letter))
        return self[code]
