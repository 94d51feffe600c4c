"""What a teacher has said so far, on disk: one file for every few thousand words, each there whole or not at all.

A shard holds the unit vectors of its words, `(words, width)` float16, and which words the teacher knows. It depends on
nothing but its words and the teacher, so that a run that was killed goes on with the shards that are missing. Every
file carries checksums (those of the zip format), so that a damaged one is found and made again.
"""

import json
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from beast_core.files import replace_file, write_file
from training.common.arrays import read_arrays
from training.common.rows import DOUBLE_PRECISION_ROWS, pieces
from training.common.settings import differences
from training.vectors import Teacher


class ShardsError(ValueError):
    """Shards of another run, or a teacher whose answers cannot be kept; the message says what to do."""


@dataclass(frozen=True)
class Shard:
    """Unit vectors `(words, width)` float16, zeros for an unknown word; which are known `(words,)` bool; the time."""

    vectors: np.ndarray
    known: np.ndarray
    seconds: float


class Shards:
    """The shards of `count` words, `size` words each.

    `run` is everything that determines the vectors; `width` is theirs, 0 before the first shard is there. Raises
    `ShardsError` that names every difference if the folder holds shards of another run.
    """

    def __init__(self, folder: Path, *, run: dict[str, Any], count: int, size: int) -> None:
        self.size, self.width = size, 0
        self._folder = folder
        self._rows = [slice(start, min(start + size, count)) for start in range(0, count, size)]
        self.known = np.zeros(count, dtype=bool)
        self.seconds = 0.0  # that the teacher took for the shards that are there
        self.missing: set[int] = set()
        self.damaged: set[int] = set()  # a part of `missing`: a file was there, but not whole
        self._claim({**run, "shard_words": size})
        for index in range(len(self._rows)):
            self._look_at(index)

    def __len__(self) -> int:
        return len(self._rows)

    def rows(self, index: int) -> slice:
        """The words that a shard is about."""
        return self._rows[index]

    def read(self, index: int) -> Shard:
        """One shard. Raises `ShardsError` if it is not whole."""
        shard = self._read(index)
        if shard is None:
            raise ShardsError(f"{self._file(index)} is damaged; the same command makes it again")
        return shard

    def fill(self, index: int, *, words: Sequence[str], teacher: Teacher) -> None:
        """Asks the teacher for one shard and writes it. Raises `ShardsError` for an answer that is of no use."""
        started = time.monotonic()
        found = teacher.lookup(words)  # before the width is asked for, which some teachers learn by looking up
        vectors, known = _checked(*found, words=words, width=teacher.width)
        with replace_file(self._file(index)) as temporary, temporary.open("wb") as file:
            np.savez(file, vectors=vectors, known=known, seconds=np.array(time.monotonic() - started))
        self._look_at(index)

    def _file(self, index: int) -> Path:
        """A shard's file. The last one, if it is short, is named by its size too: a longer list has a longer one."""
        words = self._rows[index].stop - self._rows[index].start
        return self._folder / (f"{index:05d}.npz" if words == self.size else f"{index:05d}-{words}.npz")

    def _claim(self, run: dict[str, Any]) -> None:
        """Makes the folder that of this run, unless it holds shards of another."""
        note = self._folder / "run.json"
        self._folder.mkdir(parents=True, exist_ok=True)
        now = json.loads(json.dumps(run))
        if not any(self._folder.glob("*.npz")):
            write_file(note, json.dumps(now, indent=2, ensure_ascii=False) + "\n")
            return
        try:
            saved = json.loads(note.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ShardsError(f"{note} cannot be read ({error}); start anew with --restart") from error
        if changed := differences(saved, now=now):
            raise ShardsError(
                f"{self._folder} holds vectors of another run ({'; '.join(changed)}); go back to what that was, "
                "name another --work folder, or give these vectors up with --restart"
            )

    def _look_at(self, index: int) -> None:
        shard = self._read(index)
        if shard is None:
            self.missing.add(index)
            if self._file(index).exists():
                self.damaged.add(index)
        else:
            self.missing.discard(index)
            self.damaged.discard(index)
            self.width = shard.vectors.shape[1]
            self.known[self._rows[index]] = shard.known
            self.seconds += shard.seconds

    def _read(self, index: int) -> Shard | None:
        rows = self._rows[index]
        words = rows.stop - rows.start
        try:
            arrays = read_arrays(self._file(index))
            shard = Shard(arrays["vectors"], arrays["known"], float(arrays["seconds"]))
        except MemoryError:  # says nothing of the file
            raise
        except Exception:  # of a damaged file, numpy and zipfile raise whatever they stumble over
            return None
        shapes = [(words, self.width or shard.vectors.shape[-1]), (words,)]
        kinds = [shard.vectors.dtype, shard.known.dtype] == [np.float16, np.bool_]
        whole = kinds and [shard.vectors.shape, shard.known.shape] == shapes and np.isfinite(shard.vectors).all()
        return shard if whole else None


def forget_shards(folder: Path) -> None:
    """Removes the shards in a folder. Raises `ShardsError` for a folder that holds anything else."""
    if not folder.exists():
        return
    if foreign := sorted(file.name for file in folder.iterdir() if file.suffix not in (".npz", ".partial", ".json")):
        raise ShardsError(
            f"{folder} also holds {foreign[:5]}, which are no shards; move them away or name another --work"
        )
    shutil.rmtree(folder)


def _checked(
    vectors: np.ndarray, known: np.ndarray, *, words: Sequence[str], width: int
) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors in float16, which would not hold the lengths that some tables have, and which words are known."""
    if vectors.shape != (len(words), width) or known.shape != (len(words),):
        raise ShardsError(
            f"the teacher gave vectors {vectors.shape} and known {known.shape} for {len(words)} words, expected "
            f"{(len(words), width)} and {(len(words),)}"
        )
    unit, directed = np.zeros(vectors.shape, dtype=np.float16), np.zeros(len(words), dtype=bool)
    for part in pieces(len(words), size=DOUBLE_PRECISION_ROWS):
        rows = part.start + np.flatnonzero(known[part])
        exact = vectors[rows].astype(np.float64)
        norms = np.linalg.norm(exact, axis=1)
        if len(wrong := rows[~np.isfinite(norms)]):
            named = [words[row] for row in wrong[:5]]
            raise ShardsError(
                f"the teacher's vectors of {len(wrong)} words or more hold NaN or infinity, for example of {named}; "
                "mend the teacher, or take these words out of the word list"
            )
        rows, exact, norms = rows[norms > 0], exact[norms > 0], norms[norms > 0]
        unit[rows] = exact / norms[:, None]
        directed[rows] = True
    return unit, directed
