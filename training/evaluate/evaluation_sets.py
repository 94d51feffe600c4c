"""Evaluation sets: all that are found in folders, read once for all models.

A folder holds tab-separated UTF-8 files with a header line, for each kind as its module in `training/evaluate/kinds`
says. `training/evaluate/originals.py` makes them of the files that their authors published; those that come with the
project are in `training/evaluate/sets`.

Every word is lower-cased and brought to NFC. Left out, and counted nowhere: items of several words; pairs of a word
with itself, which any model gets right.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.evaluate.kinds.kind import Kind
from training.evaluate.scores import SetScores
from training.evaluate.sources import Sources
from training.table import TeacherTable

_SHIPPED = Path(__file__).with_name("sets")


@dataclass(frozen=True)
class EvaluationSets:
    """All sets of the kinds, by the name of the kind, and the SHA-256 of each file that they were read from."""

    kinds: Sequence[Kind[Any, Any, Any]]
    of_kind: dict[str, list[Any]]
    digests: dict[str, str]

    def scores(self, model: Any) -> dict[str, dict[str, SetScores]]:
        """All measures of a model but its size and speed, by kind and set. The model is what the kinds ask."""
        return {kind.name: kind.scores(model, given=self.of_kind[kind.name]) for kind in self.kinds}


def read_sets(
    folders: Sequence[Path], *, kinds: Sequence[Kind[Any, Any, Any]], teacher: TeacherTable | None = None
) -> EvaluationSets:
    """Reads all sets of the kinds; one that several folders have, under the same path, is taken from the first.

    Raises `InputError` for a file that cannot be read and for a folder with no set.
    """
    sources = Sources(folders, teacher=teacher)
    of_kind = {kind.name: kind.find(sources) for kind in kinds}
    sources.require_use()
    return EvaluationSets(kinds, of_kind, sources.digests)


def shipped_sets(language: str) -> list[Path]:
    """The folder of the sets that come with the project for a language, such as "es"; none if there are none."""
    folder = _SHIPPED / language
    return [folder] if folder.is_dir() else []
