"""What is classified: words by their field, and sentences by what they were written for."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from training.common.statistics import SEED
from training.evaluate.kinds.clustering import CLUSTERING, ClusteringSet
from training.evaluate.sources import SetFile, Sources

SAMPLES = 1000  # of a set, drawn at random if it has more
FOLDS = 10

# The parallel treebanks name their sentences by genre, document and sentence: n01001011, w05010004. Their genres.
_PUD = re.compile(r"(?P<genre>[nw])(?P<document>\d{5})\d{3}")
_GENRES = {"n": "news", "w": "Wikipedia"}


@dataclass(frozen=True)
class Samples:
    """Texts, or words, each with its class and its group, `(samples,)` each; no group is learnt from and asked of."""

    name: str
    texts: np.ndarray
    classes: np.ndarray
    groups: np.ndarray

    @property
    def chance(self) -> float:
        """The share of the most frequent class."""
        return max(Counter(self.classes.tolist()).values()) / len(self.classes)


def find_samples(sources: Sources) -> list[Samples]:
    """`clustering/*.tsv`, and parallel treebanks, `downstream/*_pud-*.conllu`. Raises `InputError` for damage."""
    words = [of_words(found) for found in CLUSTERING.find(sources)]
    texts = [of_sentences(file) for file in sources.files("downstream/*_pud-*.conllu")]
    sources.require_use()
    return [*filter(None, words), *texts]


def of_words(found: ClusteringSet) -> Samples | None:
    """Words of those classes that have one in each fold; None if there are fewer than two such classes."""
    sizes = Counter(found.classes)
    kept = [row for row, label in enumerate(found.classes) if sizes[label] >= FOLDS]
    if len({found.classes[row] for row in kept}) < 2:
        return None
    texts, classes = np.array(found.words)[kept], np.array(found.classes)[kept]
    return _drawn(Samples(found.name, texts, classes, groups=np.arange(len(kept))))


def of_sentences(file: SetFile) -> Samples:
    """Sentences, their genre, and the document that each is of.

    Zeman et al. 2017, "CoNLL 2017 shared task: multilingual parsing from raw text to Universal Dependencies": 1,000
    sentences of news and of Wikipedia, half and half.
    """
    found = list(_sentences(file))
    file.require(
        len({genre for _, genre, _ in found}) == 2, found=f"{len(found)} sentences named as of news or Wikipedia",
        expected="# sent_id = n01001011 and the like, of both, each with its # text",
    )  # fmt: skip
    texts, genres, documents = map(np.array, zip(*found, strict=True))
    return _drawn(Samples(f"{file.stem}: news or Wikipedia", texts, genres, documents))


def _sentences(file: SetFile) -> Iterator[tuple[str, str, str]]:
    name = None
    for line in file.path.read_text(encoding="utf-8").splitlines():
        field, _, value = line.partition(" = ")
        if field == "# sent_id":
            name = _PUD.fullmatch(value.strip())
        elif field == "# text" and name:
            yield value.strip(), _GENRES[name["genre"]], name["genre"] + name["document"]


def _drawn(samples: Samples) -> Samples:
    """At most `SAMPLES` of them."""
    if len(samples.texts) <= SAMPLES:
        return samples
    kept = np.sort(np.random.default_rng(SEED).permutation(len(samples.texts))[:SAMPLES])
    return Samples(samples.name, samples.texts[kept], samples.classes[kept], samples.groups[kept])
