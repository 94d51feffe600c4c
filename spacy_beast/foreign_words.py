"""Keywords in another language than the text, with vectors by the model of that language."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from beast_core import check_same_space, load_encoder
from beast_core.credits import Credits, read_credits
from beast_core.shipped import model_folder

# A word and its language, "" for that of the text.
Word = tuple[str, str]


@dataclass(frozen=True)
class ForeignWords:
    """The vectors `(width,)` of words by models that come with the package, all of one `space`.

    They are saved with the words, as a later version may have other models. `credits` are those of the models read.
    """

    vectors: dict[Word, np.ndarray] = field(default_factory=dict)
    space: str = ""
    credits: Sequence[Credits] = ()

    def joined(self, words: Iterable[Word]) -> "ForeignWords":
        """These and new words.

        Raises `beast_core.UnknownLanguageError` if no model of a language comes with the package, and `ValueError` if
        its vectors are of another space.
        """
        new = [word for word in dict.fromkeys(words) if word not in self.vectors]
        vectors, credits, spaces = dict(self.vectors), list(self.credits), {"the keywords before": self.space}
        for language in dict.fromkeys(language for _, language in new):
            encoder, of_language = load_encoder(language=language), [word for word in new if word[1] == language]
            vectors |= zip(of_language, encoder.encode([text for text, _ in of_language]), strict=True)
            spaces[language] = encoder.space
            credits.append(read_credits(model_folder(language=language)))
        check_same_space(spaces)
        return ForeignWords(vectors, next(filter(None, spaces.values()), ""), credits)

    def as_message(self) -> dict[str, Any]:
        """What `of_message` makes it of: texts and one matrix."""
        rows = np.array([*self.vectors.values()], dtype=np.float32)
        return {"words": [list(word) for word in self.vectors], "space": self.space, "vectors": rows}

    @classmethod
    def of_message(cls, message: Mapping[str, Any]) -> "ForeignWords":
        """Raises `ValueError`, `KeyError`, `TypeError` or `AttributeError` for what is no such message."""
        words = [(str(text), str(language)) for text, language in message["words"]]
        vectors = np.asarray(message["vectors"], dtype=np.float32)
        if len(words) != len(vectors) or not np.isfinite(vectors).all():
            raise ValueError(f"{len(words)} words and vectors of shape {vectors.shape}, expected a vector each")
        return cls(dict(zip(words, vectors, strict=True)), str(message["space"]))
