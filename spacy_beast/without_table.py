"""What spaCy asks of a table of vectors, answered where there is none."""

import warnings
from typing import Any, NoReturn

from spacy.vectors import BaseVectors

from spacy_beast.pipeline_files import MODE


class VectorsWithoutTable(BaseVectors):  # type: ignore[misc]  # compiled, without types
    """Vectors that are computed: no word has a row, and none can be set."""

    mode = MODE
    n_keys = -1  # "no fixed number"; at 0, spaCy warns of empty vectors
    size = 1  # not 0, or spaCy would take `doc.tensor` for the vectors; asked at every look-up
    is_full = False
    minn = maxn = 0  # lengths of floret's n-grams of letters, for `spacy debug data`: ours are of bytes

    @property
    def shape(self) -> tuple[int, int]:
        """`(1, width)`: without a table there is no number of rows."""
        return 1, self.vectors_length

    @property
    def key2row(self) -> dict[int, int]:
        """Always empty: no word has a row."""
        return {}

    def __len__(self) -> int:
        return 1

    def add(self, key: int | str, *, vector: Any = None, row: int | None = None) -> int:
        """Warns and returns -1: vectors are computed, none can be set."""
        if key in self:  # the retokenizer sets vectors of merged white space, which need no warning
            warnings.warn("BEAST computes vectors from the words themselves: the one given is not kept", stacklevel=2)
        return -1

    def __setitem__(self, key: int | str, vector: Any) -> None:
        self.add(key, vector=vector)

    def find(self, **_: Any) -> NoReturn:
        """Raises `ValueError`: no word has a row."""
        raise ValueError(
            "BEAST vectors have no rows to find: they are computed, expected vectors[key] or vectors.get_batch(keys); "
            "of layers, those that use get_batch, such as spacy.MultiHashEmbed.v2 in place of v1"
        )

    def resize(self, *_: Any, **__: Any) -> NoReturn:
        """Raises `ValueError`: there is no table."""
        raise ValueError("BEAST vectors have no table to resize: each word has a vector already")
