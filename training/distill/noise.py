"""Spelling noise for Spanish, by rule: what hurried fingers and ears do to a word. No list of real mistakes is used.

A student that has seen such spellings answers with the vector of the word that was meant.
"""

from collections.abc import Callable, Container
from random import Random

from training.common.words import without_accents

_KEYBOARD = ("qwertyuiop", "asdfghjklñ", "zxcvbnm")
_ACCENTED = dict(zip("aeiou", "áéíóú", strict=True))
_VOWELS = "aeiouáéíóú"

# Spellings that sound alike in some or all of the Spanish-speaking world, both ways.
_SOUND_ALIKE = [
    ("b", "v"), ("ll", "y"), ("s", "c"), ("s", "z"), ("c", "z"), ("ge", "je"), ("gi", "ji"), ("h", ""), ("x", "s"),
    ("qu", "k"), ("ca", "ka"), ("co", "ko"), ("cu", "ku"), ("gü", "gu"), ("mb", "nb"), ("mp", "np"), ("hue", "gue"),
    ("i", "y"), ("ñ", "ni"), ("ñ", "n"), ("nn", "n"), ("rr", "r"), ("cc", "c"), ("xc", "sc"), ("ps", "s"),
]  # fmt: skip
_DIRECTIONS = [pair for a, b in _SOUND_ALIKE for pair in ((a, b), (b, a)) if pair[0]]


def _neighbours() -> dict[str, str]:
    keys = {letter: (row, column) for row, line in enumerate(_KEYBOARD) for column, letter in enumerate(line)}
    return {
        letter: "".join(
            other for other, at in keys.items() if other != letter and abs(at[0] - r) <= 1 >= abs(at[1] - c)
        )
        for letter, (r, c) in keys.items()
    }


_NEIGHBOURS = _neighbours()


def drop_accents(word: str, *, random: Random) -> str:
    """'árbol' -> 'arbol'; ñ stays a letter of its own."""
    return without_accents(word, keep="ñ")


def misplace_accent(word: str, *, random: Random) -> str:
    """'examen' -> 'exámen'."""
    bare = drop_accents(word, random=random)
    vowels = [index for index, letter in enumerate(bare) if letter in _ACCENTED]
    if not vowels:
        return word
    index = random.choice(vowels)
    return bare[:index] + _ACCENTED[bare[index]] + bare[index + 1 :]


def sound_alike(word: str, *, random: Random) -> str:
    """'hacer' -> 'acer', 'vaca' -> 'baca'."""
    fitting = [pair for pair in _DIRECTIONS if pair[0] in word]
    if not fitting:
        return word
    written, meant = random.choice(fitting)
    places = [index for index in range(len(word)) if word.startswith(written, index)]
    index = random.choice(places)
    return word[:index] + meant + word[index + len(written) :]


def add_silent_h(word: str, *, random: Random) -> str:
    """'echar' -> 'hechar'."""
    return "h" + word if word[0] in _VOWELS else word


def hit_neighbour(word: str, *, random: Random) -> str:
    """'casa' -> 'cass': a key beside the right one."""
    index = random.randrange(len(word))
    near = _NEIGHBOURS.get(word[index])
    return word[:index] + random.choice(near) + word[index + 1 :] if near else word


def lose_letter(word: str, *, random: Random) -> str:
    """'trabajo' -> 'trabjo'."""
    index = random.randrange(len(word))
    return word[:index] + word[index + 1 :]


def double_letter(word: str, *, random: Random) -> str:
    """'caro' -> 'carro'."""
    index = random.randrange(len(word))
    return word[:index] + word[index] + word[index:]


def insert_letter(word: str, *, random: Random) -> str:
    """'casa' -> 'casda': a neighbouring key hit as well."""
    index = random.randrange(len(word))
    near = _NEIGHBOURS.get(word[index])
    return word[: index + 1] + random.choice(near) + word[index + 1 :] if near else word


def swap_letters(word: str, *, random: Random) -> str:
    """'pero' -> 'preo'."""
    index = random.randrange(len(word) - 1)
    return word[:index] + word[index + 1] + word[index] + word[index + 2 :]


def lengthen(word: str, *, random: Random) -> str:
    """'gol' -> 'gooool': a vowel or the last letter held, as in shouted messages."""
    places = [index for index, letter in enumerate(word) if letter in _VOWELS] + [len(word) - 1]
    index = random.choice(places)
    return word[:index] + word[index] * random.randint(2, 6) + word[index + 1 :]


def drop_vowels(word: str, *, random: Random) -> str:
    """'mensaje' -> 'mnsj': shorthand."""
    return word[0] + "".join(letter for letter in word[1:] if letter not in _VOWELS)


def drop_weak_sound(word: str, *, random: Random) -> str:
    """'cansado' -> 'cansao', 'verdad' -> 'verda', 'entonces' -> 'entonce'."""
    for written, spoken in (("ado", "ao"), ("ada", "á"), ("ido", "ío")):
        if word.endswith(written):
            return word.removesuffix(written) + spoken
    return word[:-1] if word[-1] in "dsrn" else word


# How often each is tried, relative to the others. Half are what is not heard, not learnt or not written out, lost
# accents above all; half are slips of the fingers: a letter lost, put in, hit beside or swapped (Damerau 1964, A
# technique for computer detection and correction of spelling errors: four in five misspellings are one of these).
_RULES: list[tuple[Callable[..., str], float]] = [
    (drop_accents, 6.0),
    (misplace_accent, 2.0),
    (sound_alike, 4.0),
    (add_silent_h, 0.5),
    (drop_weak_sound, 1.0),
    (lengthen, 1.5),
    (drop_vowels, 0.5),
    (swap_letters, 4.0),
    (lose_letter, 4.0),
    (insert_letter, 2.0),
    (double_letter, 1.0),
    (hit_neighbour, 2.0),
]
_FUNCTIONS = [rule for rule, _ in _RULES]
_WEIGHTS = [weight for _, weight in _RULES]

# Of noisy words, those that get a second mistake.
_SECOND = 0.3


def misspell(word: str, *, random: Random, real_words: Container[str] = ()) -> str:
    """The word with one mistake, sometimes two. Never another real word: 'baca' stands for itself, not for 'vaca'.

    Words of one or two letters are only lengthened. Returns the word itself where the rules drawn have nothing to do.
    The same state of `random` gives the same answer.

    >>> misspell("sol", random=Random(0), real_words={"sol"}) not in {"sal", "solo"}
    True
    """
    noisy = word
    if len(word) < 3:  # any other rule would leave too little of it
        noisy = lengthen(word, random=random) if word else word
    else:
        for _ in range(1 + (random.random() < _SECOND)):
            rule = random.choices(_FUNCTIONS, _WEIGHTS)[0]
            noisy = rule(noisy, random=random) if len(noisy) > 2 else noisy
    return word if noisy in real_words else noisy
