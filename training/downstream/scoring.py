"""How right a trained pipeline is: of all words, of those that were not in its training, and of misspelt ones."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spacy.tokens import Doc, Token

from training.downstream.corpora import Task

# What is scored of each task: tags (with features, if there are some), trees, names.
SCORES: dict[Task, tuple[str, ...]] = {"tags": ("tags",), "syntax": ("tags", "trees"), "names": ("names",)}
PARTS = ("all", "unseen", "noisy", "misspelt")


@dataclass
class _Count:
    """Of what was right, what was found, and what there is: for accuracies the last two are the same."""

    right: int = 0
    found: int = 0
    there: int = 0

    @property
    def score(self) -> float | None:
        """F1, which is the accuracy where as much was found as there is; None of nothing."""
        return 2 * self.right / (self.found + self.there) if self.found + self.there else None


def score(
    task: Task, *, gold: Sequence[Doc], predicted: Sequence[Doc], noisy: Sequence[Doc], noisy_predicted: Sequence[Doc],
    seen: set[str],
) -> dict[str, dict[str, float | None]]:  # fmt: skip
    """For each score of the task, by part: `all` words, the `unseen`, all of the `noisy` text, and the `misspelt`.

    `noisy` are the sentences of `gold` with some words misspelt; `seen` are the lower-cased words of the training. Of
    names, a part has those with at least one such word.
    """
    misspelt = [
        {token.i for token, right in zip(doc, original, strict=True) if token.text != right.text}
        for doc, original in zip(noisy, gold, strict=True)
    ]
    unseen = [{token.i for token in doc if token.text.lower() not in seen} for doc in gold]
    everything = [set(range(len(doc))) for doc in gold]
    parts = {
        "all": (gold, predicted, everything),
        "unseen": (gold, predicted, unseen),
        "noisy": (noisy, noisy_predicted, everything),
        "misspelt": (noisy, noisy_predicted, misspelt),
    }
    return {name: {part: _score(name, *given) for part, given in parts.items()} for name in SCORES[task]}


def _score(name: str, gold: Sequence[Doc], predicted: Sequence[Doc], places: Sequence[set[int]]) -> float | None:
    count = _Count()
    for right, guessed, counted in zip(gold, predicted, places, strict=True):
        there, found = (set(_items(name, doc, counted=counted, gold=right)) for doc in (right, guessed))
        count.right += len(there & found)
        count.there += len(there)
        count.found += len(found)
    return count.score


def _items(name: str, doc: Doc, *, counted: set[int], gold: Doc) -> Iterator[tuple[object, ...]]:
    """What a document says: of each word that counts its tag or its head, without punctuation's; of each name all."""
    if name == "names":
        for entity in doc.ents:
            if not counted.isdisjoint(range(entity.start, entity.end)):
                yield entity.start, entity.end, entity.label_
        return
    for token in doc:
        if token.i in counted and not (name == "trees" and gold[token.i].dep_ == "punct"):
            yield token.i, *(_tag(token) if name == "tags" else (token.head.i, token.dep_))


def _tag(token: Token) -> tuple[str, ...]:
    return (token.tag_,) if not token.pos_ else (token.pos_, str(token.morph))
