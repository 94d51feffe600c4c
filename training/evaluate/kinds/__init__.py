"""All that is measured of vectors, a kind of sets a module.

A new measure is an entry in the `measures` of its kind, a new kind a module with a `Kind` and its name in `KINDS`.
"""

from typing import Any

from training.evaluate.kinds.analogies import ANALOGIES
from training.evaluate.kinds.capitals import CAPITALS
from training.evaluate.kinds.closeness import CLOSENESS
from training.evaluate.kinds.clustering import CLUSTERING
from training.evaluate.kinds.kind import Kind
from training.evaluate.kinds.retrieval import RETRIEVAL
from training.evaluate.kinds.sentences import SENTENCES
from training.evaluate.kinds.similarity import SIMILARITY
from training.vectors import WordVectors

# In the order of the tables and of `metrics.json`.
KINDS: tuple[Kind[WordVectors, Any, Any], ...] = (
    SIMILARITY,
    SENTENCES,
    CLUSTERING,
    RETRIEVAL,
    ANALOGIES,
    CAPITALS,
    CLOSENESS,
)
