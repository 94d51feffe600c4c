"""What the joint teacher is made of."""

from typing import Annotated

from pydantic import Field, field_validator
from pydantic.dataclasses import dataclass

from training.common.settings import CHECKED, Filled, FromList
from training.common.words import MOST_FREQUENT
from training.languages import read_language
from training.vectors.lexical.knowledge import SOURCES


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Options:
    """What the teacher is made of. Raises `ValueError` listing every problem at once.

    `language` is that of the words that are taught. `sources` are some of `SOURCES`; the first `frequent_words` of each
    language are those that projections are fitted on; words as frequent as `leading_frequency` (Zipf) lead rarer ones,
    see `SenseTable`; `debian_root` is `/` or the folder where Debian's packages were unpacked; `downloads` is where the
    package from npm is kept, and `joint` what was encoded and fitted, for whichever language is taught next.
    """

    language: Filled
    sources: Annotated[tuple[str, ...], FromList] = SOURCES
    frequent_words: Annotated[int, Field(ge=2)] = 12_000
    leading_frequency: Annotated[float, Field(ge=0, le=MOST_FREQUENT)] = 2.0
    width: Annotated[int, Field(ge=1, le=400)] = 256
    debian_root: str = "/"
    downloads: str = "assets/downloads"
    joint: str = "assets/joint"

    @field_validator("language")
    @classmethod
    def _check_language(cls, language: str) -> str:
        return read_language(language).code

    @field_validator("sources")
    @classmethod
    def _check_sources(cls, sources: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [name for name in sources if name not in SOURCES]:
            raise ValueError(f"sources names {unknown}, should be some of {list(SOURCES)}")
        if len(set(sources)) < len(sources):
            raise ValueError(f"sources {list(sources)} names one more than once")
        return sources
