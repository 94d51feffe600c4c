"""Speed inside the hosts: tokens a second through a spaCy pipeline, words a second through sentence-transformers."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import spacy
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import InputModule
from spacy.language import Language
from torch import Tensor

from beast_core.shipped import model_folder
from training.benchmark.names import FREE_MODEL, PipelineWork, RouteName, TokenVectors, in_batches
from training.benchmark.routes import BATCH_SIZE, ROUTES
from training.benchmark.timing import Spread, in_turns, seconds_of

_TOKENS = 20_000  # whose vectors are asked for one at a time
_BATCH_SIZES = (32, BATCH_SIZE)  # the host's own, and one for words
_ROUTES = (
    RouteName.SENTENCE_TRANSFORMERS,
    RouteName.SENTENCE_TRANSFORMERS_BFLOAT16,
    RouteName.STATIC_EMBEDDING,
    RouteName.STOCK_FOLDER,
)


def pipeline_seconds(texts: Sequence[str], *, rounds: int) -> dict[PipelineWork, Spread]:
    """Seconds that `nlp.pipe` takes for all texts: a blank pipeline and one with vectors, new and the second time.

    In every round both are made anew, so that spaCy too meets each word for the first time.
    """
    pipelines: dict[str, Language] = {}

    def new(name: str, **component: Any) -> float:
        pipelines[name] = spacy.blank("es")
        if component:
            pipelines[name].add_pipe("beast_vectors", **component)
        return through(name)

    def through(name: str) -> float:
        return seconds_of(lambda: sum(len(doc) for doc in pipelines[name].pipe(texts)))

    config = {"model": str(model_folder())}
    new("warm-up", config=config)
    return in_turns(
        {
            PipelineWork.BLANK_NEW: lambda: new("blank"),
            PipelineWork.BEAST_NEW: lambda: new("beast_vectors", config=config),
            PipelineWork.BLANK_AGAIN: lambda: through("blank"),
            PipelineWork.BEAST_AGAIN: lambda: through("beast_vectors"),
        },
        rounds=rounds,
    )


def token_vector_seconds(
    texts: Sequence[str], *, folders: Mapping[TokenVectors, Path], rounds: int
) -> dict[TokenVectors, Spread]:
    """Seconds that one `token.vector` takes, of words that have been asked for before.

    `folders` are spaCy pipelines by name, beside which stands our component.
    """
    beast = spacy.blank("es")
    beast.add_pipe("beast_vectors", config={"model": str(model_folder())})
    pipelines = {TokenVectors.BEAST: beast, **{name: spacy.load(folder) for name, folder in folders.items()}}
    works = {name: _token_work(nlp, texts) for name, nlp in pipelines.items()}
    for work in works.values():
        work()
    return in_turns(works, rounds=rounds)


def _token_work(nlp: Language, texts: Sequence[str]) -> Callable[[], float]:
    tokens = [token for doc in nlp.pipe(texts) for token in doc][:_TOKENS]

    def ask() -> None:
        for token in tokens:
            token.vector  # noqa: B018

    return lambda: seconds_of(ask) / len(tokens)


class _FreeModule(InputModule):
    """Costs nothing: what remains is what the host itself costs."""

    config_keys: list[str] = []  # noqa: RUF012  # as the host has it
    max_seq_length = 24

    def __init__(self, width: int) -> None:
        super().__init__()
        self.vectors = torch.nn.Parameter(torch.ones(1, width), requires_grad=False)

    def get_embedding_dimension(self) -> int:
        return self.vectors.shape[1]

    def preprocess(self, inputs: Sequence[Any], prompt: str | None = None, **_: Any) -> dict[str, Tensor]:
        return {"input_ids": torch.zeros((len(inputs), 1), dtype=torch.uint8)}

    def forward(self, features: dict[str, Tensor], **_: Any) -> dict[str, Tensor]:
        features["sentence_embedding"] = self.vectors.expand(len(features["input_ids"]), -1)
        return features

    def save(self, output_path: str, *args: Any, **kwargs: Any) -> None:
        raise NotImplementedError("a module that only measures is not saved")

    @classmethod
    def load(cls, *args: Any, **kwargs: Any) -> "_FreeModule":
        raise NotImplementedError("a module that only measures is not loaded")


def sentence_transformers_seconds(words: Sequence[str], *, work: Path, rounds: int) -> dict[str, Spread]:
    """Seconds that `encode(words)` takes through the host's interface, in small batches and in large ones."""
    models: dict[str, Any] = {FREE_MODEL: SentenceTransformer(modules=[_FreeModule(256)], device="cpu").encode}
    models |= {name: ROUTES[name].load(ROUTES[name].folder(work, words=words)) for name in _ROUTES}
    works: dict[str, Callable[[], float]] = {}
    for name, encode in models.items():
        for size in _BATCH_SIZES:
            encode(words[:BATCH_SIZE], batch_size=size)
            works[in_batches(name, size=size)] = partial(seconds_of, partial(encode, words, batch_size=size))
    return in_turns(works, rounds=rounds)
