"""What words that several languages share mean in each: their nearest words there, and in the other languages."""

from collections.abc import Sequence

import numpy as np

from training.common.markdown import markdown_table
from training.common.rows import unit_rows
from training.common.words import normalise
from training.evaluate.cross_lingual.models import LanguageModels
from training.evaluate.cross_lingual.vocabulary import frequent_words

_SHOWN = 6


def homograph_table(words: Sequence[str], *, models: LanguageModels) -> str:
    """Markdown: a row for each word as a word of each language, with the nearest of each language's frequent words.

    The word itself is not shown among its neighbours.
    """
    spelled = [normalise(word) for word in words]
    asked = {language: model.lookup(spelled) for language, model in models.items()}
    nearest: dict[tuple[str, str], list[str]] = {}  # of a language of the words and one of the neighbours
    for language, model in models.items():
        listed = frequent_words(language)
        vectors, known = model.lookup(listed)
        candidates = unit_rows(vectors)
        for of, (queries, _) in asked.items():
            cosines = np.where(known, unit_rows(queries) @ candidates.T, -np.inf)
            nearest[of, language] = [
                _names(row, listed=listed, without=word) for row, word in zip(cosines, spelled, strict=True)
            ]
    rows = []
    for number, word in enumerate(spelled):
        for of, (_, is_known) in asked.items():
            cells = [nearest[of, language][number] if is_known[number] else "unknown" for language in models]
            rows.append([word, of, *cells])
    return markdown_table(["word", "of", *models], rows=rows, right=())


def _names(cosines: np.ndarray, *, listed: Sequence[str], without: str) -> str:
    best = np.argsort(-cosines, kind="stable")[: _SHOWN + 1]
    return ", ".join([listed[row] for row in best if listed[row] != without and np.isfinite(cosines[row])][:_SHOWN])
