"""Which words belong to a lexicon: the stages that a record lists, each of which adds what a source has."""

from training.common.errors import InputError
from training.lexicon.sources import Sources
from training.lexicon.stages import by_rules, by_tables
from training.lexicon.word_list import WordList

STAGES = by_tables.STAGES | by_rules.STAGES


def collect_words(sources: Sources) -> WordList:
    """All words of a language's lexicon, and what inflects what, stage by stage.

    Raises `InputError` for a stage that there is none of.
    """
    stages = sources.language.lexicon.stages
    if unknown := [name for name in stages if name not in STAGES]:
        raise InputError(
            f"the record of {sources.language.name} lists {', '.join(map(repr, unknown))} among the stages of its "
            f"lexicon, expected some of {', '.join(STAGES)}"
        )
    words = WordList()
    for name in stages:
        STAGES[name](words, sources=sources)
    return words
