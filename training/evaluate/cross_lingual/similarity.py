"""Similarity of a word of one language and a word of another: does the cosine rank pairs as people do?"""

from dataclasses import dataclass

from training.evaluate.cross_lingual.models import LanguageModels
from training.evaluate.cross_lingual.pairs import languages_of
from training.evaluate.kinds.kind import Kind
from training.evaluate.kinds.similarity import CORRELATIONS, PairCosines, SimilaritySet, observe_pairs, read_pairs
from training.evaluate.sources import Sources


@dataclass(frozen=True)
class CrossSimilaritySet:
    """Pairs of a word of the first and a word of the second language, with human scores."""

    languages: tuple[str, str]
    pairs: SimilaritySet


def _find(sources: Sources) -> list[CrossSimilaritySet]:
    """Reads `similarity/*.tsv`, see `read_pairs`."""
    files = sources.files("similarity/*.tsv")
    return [CrossSimilaritySet(languages_of(file), read_pairs(file, sources=sources)) for file in files]


def _observe(models: LanguageModels, given: CrossSimilaritySet) -> dict[str, PairCosines]:
    first, second = (models[language] for language in given.languages)
    return {given.pairs.name: observe_pairs(given.pairs, first=first, second=second)}


SIMILARITY = Kind(
    name="similarity",
    find=_find,
    observe=_observe,
    measures=CORRELATIONS,
    note="Similarity: correlation of cosine and human score over pairs of single words that are not spelt the same.",
)
