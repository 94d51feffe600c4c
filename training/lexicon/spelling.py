"""How the words of a lexicon are spelled: in lower case, and as they are mostly written, with which capitals."""

import unicodedata
from collections.abc import Iterable, Sequence
from itertools import chain

from beast_core.spelling import normalise_word
from training.lexicon.sources import Sources


def lower(written: str) -> str:
    """`normalise_word` in lower case, at a fifth of its time for plain words: tables have millions of them."""
    return written.lower() if _is_plain(written) else normalise_word(written, lowercase=True)


def _is_plain(written: str) -> bool:
    """Whether a word is letters alone, and spelling has nothing to fold but their case, which no neighbour changes."""
    return written.isalpha() and "Σ" not in written and unicodedata.is_normalized("NFKC", written)


def choose_written(words: Sequence[str], *, lemmas: Sequence[str], sources: Sources) -> list[str]:
    """Each of the lower-cased words as it is mostly written; `lemmas` has the lemma of each.

    By counts in running text, and where there are none as its lemma is: by counts, or by dictionaries, or by tables of
    forms, which only know capitals, as some of them are in lower case throughout.
    """
    counted = {word: spelling for word in sources.counts if (spelling := sources.written(word)) is not None}
    known = find_spellings(chain.from_iterable(chain.from_iterable(sources.lemmas.values())))
    known |= find_spellings(stem for stem, _ in sources.entries)
    known = {word: spelling for word, spelling in known.items() if word != spelling}
    known |= find_spellings(sources.dictionaries) | counted
    return [
        counted[word] if word in counted else write_as(word, lemma=known.get(lemma, lemma))
        for word, lemma in zip(words, lemmas, strict=True)
    ]


def find_spellings(written: Iterable[str]) -> dict[str, str]:
    """Lower-cased words -> how they are written: in lower case if they ever are, else as comes last in the alphabet."""
    spellings: dict[str, str] = {}
    for each in written:
        spelling = each if _is_plain(each) else normalise_word(each, lowercase=False)
        word = lower(spelling)
        spellings[word] = max(spellings.get(word, ""), spelling)
    return spellings


def write_as(word: str, *, lemma: str) -> str:
    """A lower-cased word with the capitals of its lemma, as far as the two agree, but for its first letter: always.

    >>> write_as("hunde", lemma="Hund"), write_as("häuser", lemma="Haus"), write_as("nato:n", lemma="NATO")
    ('Hunde', 'Häuser', 'NATO:n')
    >>> write_as("mcdonaldsin", lemma="McDonalds"), write_as("ging", lemma="gehen")
    ('McDonaldsin', 'ging')
    """
    letters = list(word)
    for place, (letter, other) in enumerate(zip(word, lemma, strict=False)):
        if place and letter != other.lower():
            break
        letters[place] = letter.upper() if other.isupper() else letter
    return "".join(letters)
