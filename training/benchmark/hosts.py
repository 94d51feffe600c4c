"""Speed inside the hosts: tokens a second through a spaCy pipeline, words a second through sentence-transformers."""

import statistics
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import spacy
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import InputModule
from spacy.language import Language
from spacy.tokens import Doc
from torch import Tensor

from beast_core.shipped import model_folder
from training.benchmark.loaded import Loaded
from training.benchmark.names import FREE_MODEL, PipelineWork, RouteName, TokenVectors, in_batches
from training.benchmark.routes import BATCH_SIZE, ROUTES
from training.benchmark.timing import Spread, in_turns, seconds_of

_TOKENS = 20_000  # whose vectors are asked for one at a time
_TIMES_AGAIN = 3  # that texts whose words are known go through a pipeline in a round; the median counts
_BATCH_SIZES = (32, BATCH_SIZE)  # the host's own, and one for words
_ROUTES = (
    RouteName.SENTENCE_TRANSFORMERS,
    RouteName.STATIC_EMBEDDING,
    RouteName.STOCK_FOLDER,
)


def pipeline_seconds(texts: Sequence[str], *, rounds: int) -> dict[PipelineWork, Spread]:
    """Seconds that `nlp.pipe` takes for all texts: a blank pipeline and one with vectors, new and the second time.

    In every round both are made anew, so that spaCy too meets each word for the first time. Vectors are computed when
    they are asked for, so one more pipeline has those of all its new words asked for.
    """
    pipelines: dict[str, Language] = {}

    def new(name: str, *, read: Callable[[Doc], object] = len, **component: Any) -> float:
        pipelines[name] = spacy.blank("es")
        if component:
            pipelines[name].add_pipe("beast_vectors", **component)
        return through(name, read=read)

    def through(name: str, *, read: Callable[[Doc], object] = len) -> float:
        # As a loop over the pipeline does: no document is kept.
        return seconds_of(lambda: deque(map(read, pipelines[name].pipe(texts)), maxlen=0))

    def again(name: str) -> float:
        return statistics.median(through(name) for _ in range(_TIMES_AGAIN))

    config = {"model": str(model_folder())}
    new("warm-up", config=config)
    return in_turns(
        {
            PipelineWork.BLANK_NEW: lambda: new("blank"),
            PipelineWork.BEAST_NEW: lambda: new("beast_vectors", config=config),
            PipelineWork.BEAST_NEW_READ: lambda: new("beast_vectors, read", read=_read_vectors, config=config),
            PipelineWork.BLANK_AGAIN: lambda: again("blank"),
            PipelineWork.BEAST_AGAIN: lambda: again("beast_vectors, read"),
        },
        rounds=rounds,
    )


def _read_vectors(doc: Doc) -> None:
    for token in doc:
        token.vector  # noqa: B018


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
    for name in _ROUTES:
        model = ROUTES[name].load(ROUTES[name].folder(work, words=words))
        assert isinstance(model, Loaded)  # as all routes through sentence-transformers
        models[name] = model.many
    works: dict[str, Callable[[], float]] = {}
    for called, encode in models.items():
        for size in _BATCH_SIZES:
            encode(words[:BATCH_SIZE], batch_size=size)
            works[in_batches(called, size=size)] = partial(seconds_of, partial(encode, words, batch_size=size))
    return in_turns(works, rounds=rounds)
