"""What a record of a language says."""

import re
from dataclasses import field
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import model_validator
from pydantic.dataclasses import dataclass

from training.common.settings import CHECKED, AtLeastOne, Count, Filled, FromList, NotNegative, from_table

# Signs that stand within words.
_SIGNS = "'-"

Texts = Annotated[tuple[str, ...], FromList]
Pairs = Annotated[tuple[Annotated[tuple[str, str], FromList], ...], FromList]

# How words are misspelt: the rules of training/languages/noise.py.
MisspellingRule = Literal[
    "drop_accents", "misplace_accent", "sound_alike", "mistake_double", "add_silent_letter", "drop_weak_sound",
    "lengthen", "drop_vowels", "swap_letters", "lose_letter", "insert_letter", "double_letter", "hit_neighbour",
]  # fmt: skip


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
    what each word's one lemma does. `neighbour`: a language whose words stand in texts of this one, loans too.
    With fewer than `minimum_words` nothing is written.
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
    """How words of a language are misspelt.

    `keyboard`: its rows of letters, each beginning below the one before. `vowels`: all of them, accented ones too.
    `accents`: by letter, the forms with a mark, or with a stroke, that it is written in place of; those of
    `kept_letters`, and no others, stay as they are when accents are dropped. `sound_alike`: spellings that are taken
    for each other, both ways. `doubled`: letters that are doubled or not. `silent_letter`: what is put before a vowel
    that a word begins with. `weak_endings`: how the end of a word is written, and how it is heard; where there is none,
    one of `weak_letters` at the end is not heard. `weights`: of the rules that are more or less frequent than usual.
    """

    keyboard: Texts
    vowels: Filled
    accents: dict[str, str] = field(default_factory=dict)
    kept_letters: str = ""
    sound_alike: Pairs = ()
    doubled: str = ""
    silent_letter: str = ""
    weak_endings: Pairs = ()
    weak_letters: str = ""
    weights: dict[MisspellingRule, NotNegative] = field(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> "Noise":
        if wrong := [letter for letter, marked in self.accents.items() if len(letter) != 1 or not marked]:
            raise ValueError(f"accents has {wrong}, should have single letters, each with its forms")
        if empty := [pair for pair in (*self.sound_alike, *self.weak_endings) if not pair[0]]:
            raise ValueError(f"sound_alike and weak_endings hold {empty}, should have something written in every pair")
        return self


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Language:
    """A record: `code` is that of ISO 639-1, `name` the English name.

    `alphabet` has every letter that a lower-cased word may be made of. `encoder` are the settings of a student that
    differ from the preset's. `credits` are the works that are used for this language alone, each with its
    licence. `word_map` has the everyday words that are drawn, by the name of their field.
    """

    code: Filled
    name: Filled
    alphabet: Filled
    encoder: dict[str, Any] = field(default_factory=dict)
    credits: Texts = ()
    teacher: TeacherSources
    lexicon: Lexicon
    noise: Noise
    word_map: dict[str, str] = field(default_factory=dict)

    @property
    def map_words(self) -> list[str]:
        """The words of `word_map`, field by field."""
        return [word for words in self.word_map.values() for word in words.split()]

    def has_letters(self, word: str) -> bool:
        """Whether there are only letters of the alphabet in a lower-cased word."""
        return self._patterns[0].fullmatch(word) is not None

    def is_word(self, word: str) -> bool:
        """The same, or such parts joined by single apostrophes and hyphens."""
        return self._patterns[1].fullmatch(word) is not None

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], re.Pattern[str]]:
        letters = f"[{re.escape(self.alphabet)}]+"
        return re.compile(letters), re.compile(f"{letters}(?:[{_SIGNS}]{letters})*")


# The tables of a record that are a part of their own.
PARTS: dict[str, type[Any]] = {"teacher": TeacherSources, "lexicon": Lexicon, "noise": Noise}
