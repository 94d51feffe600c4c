"""Which annotated sentences are trained on and tested on: a TOML file, checked whole."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic.dataclasses import dataclass

from training.common.settings import CHECKED, AtLeastOne, Count, Filled, FromList, build, from_table, read_values
from training.languages import read_language

# What is learnt: parts of speech and features (or another set of tags), the same and trees, and names.
Task = Literal["tags", "syntax", "names"]
TASKS: tuple[Task, ...] = ("tags", "syntax", "names")

DEFAULT = Path(__file__).with_name("corpora.toml")


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class Corpus:
    """Sentences of one language for one task.

    `train` and `test` are files in the folder that the command is given, of a format that `reader` reads, see
    `training/downstream/readers.py`. The first `train_sentences` of `train` and the first `test_sentences` of `test`
    are taken; without a file for the test, those of `train` that follow. `annotator` is the package of a pipeline that
    annotates raw text. `labels` says who made the annotation, `credit` whose work it is and under which licence.
    """

    language: Filled
    task: Task
    reader: Literal["conllu", "cess", "slashed", "handbook"]
    train: Filled
    test: str = ""
    train_sentences: Count = 1_000_000
    test_sentences: Count = 1_000_000
    annotator: str = ""
    labels: Literal["people", "a program"]
    credit: Filled

    @property
    def name(self) -> str:
        """What files and lists call it."""
        return f"{self.language}-{self.task}"

    def missing(self, data: Path) -> list[Path]:
        """Which of its files are not in that folder."""
        files = [data / name.partition("#")[0] for name in (self.train, self.test, self.annotator) if name]
        return [file for file in files if not file.exists()]


@dataclass(frozen=True, kw_only=True, config=CHECKED)
class _Corpora:
    corpora: Annotated[tuple[Annotated[Corpus, from_table(Corpus)], ...], FromList, AtLeastOne]


def read_corpora(path: Path = DEFAULT) -> tuple[Corpus, ...]:
    """All corpora of a file, in its order. Raises `InputError` or `ValueError` for what is wrong in it."""
    corpora = build(_Corpora, values=read_values(path), source=str(path)).corpora
    for corpus in corpora:
        read_language(corpus.language)
    return corpora
