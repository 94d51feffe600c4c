"""The settings of a teacher's table."""

from dataclasses import dataclass, field
from typing import Any

from training.common.settings import check_fields
from training.table import LEVELS, Storage
from training.vectors import read_options


@dataclass(frozen=True, kw_only=True)
class TeachSettings:
    """Everything but the word list that determines a table. Raises `ValueError` listing every problem at once."""

    teacher: str  # one of training.vectors.WAYS
    options: dict[str, Any] = field(default_factory=dict)  # the fields of that teacher's Options
    words: int = 0  # teach only so many, the first of the list; 0 teaches all
    width: int = 256  # wider vectors are reduced to it
    fit_words: int = 30_000  # the mean and the principal components are those of the most frequent words
    centre: bool = True  # take the mean off
    storage: Storage = "int8"
    levels: int = LEVELS  # int8 entries take 2 * levels + 1 values: fewer make a smaller, coarser table
    shard_words: int = 20_000  # a killed run loses at most what it knew of so many

    def __post_init__(self) -> None:
        if problems := check_fields(self) or self._value_problems():
            raise ValueError("; ".join(problems))

    def _value_problems(self) -> list[str]:
        least = {"words": 0, "width": 1, "fit_words": self.width, "levels": 1, "shard_words": 1}
        problems = [
            f"{name} is {getattr(self, name)}, expected {bound} or more{' (width)' if name == 'fit_words' else ''}"
            for name, bound in least.items()
            if getattr(self, name) < bound
        ]
        problems += [f"levels is {self.levels}, expected 127 or fewer"] if self.levels > 127 else []
        try:
            read_options(self.teacher, options=self.options)
        except ValueError as error:
            problems.append(str(error))
        return problems
