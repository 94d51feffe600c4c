"""How words are written where capitals tell one word from another."""

from collections import Counter
from collections.abc import Mapping, Sequence

from training.languages import Language
from training.resources.frequencies import read_counts
from training.vectors.lexical.senses import label


class Spellings:
    """Lower-cased words of a language -> the text that the encoder is given of each.

    Of a language that is encoded as it is written, that is how texts write the word most often; of words that no text
    was counted of, how dictionaries do: `written` has their spellings by label.
    """

    def __init__(self, language: Language, *, written: Mapping[str, Counter[str]]) -> None:
        self._language, self._written = language, written
        self._counts = read_counts(language.code) if language.teacher.written else {}

    def of(self, words: Sequence[str]) -> list[str]:
        """The text for each word."""
        return [self._text(word) for word in words] if self._language.teacher.written else list(words)

    def _text(self, word: str) -> str:
        if counts := self._counts.get(word):
            return counts.written
        spellings = self._written.get(label(self._language.code, word=word))
        return spellings.most_common(1)[0][0] if spellings else word
