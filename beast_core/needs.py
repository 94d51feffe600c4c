"""What is only there where an extra of this package is installed."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def needs_torch(what: str) -> Iterator[None]:
    """Around an import of torch: where it is not installed, raises `ImportError` that says what needs it and how to get
    it."""
    with _needs("torch", what=what, extra="torch"):
        yield


@contextmanager
def needs_sentence_transformers(what: str) -> Iterator[None]:
    """The same around an import of sentence-transformers, which brings torch."""
    with _needs("sentence_transformers", "torch", what=what, extra="st"):
        yield


@contextmanager
def needs_export(what: str) -> Iterator[None]:
    """The same around an import of what exports are written and checked with."""
    with _needs("onnx", "onnxruntime", "gensim", what=what, extra="export"):
        yield


@contextmanager
def _needs(*modules: str, what: str, extra: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in modules:
            raise
        raise ImportError(
            f"{error.name} is not installed, which is needed by {what}: pip install 'beast-vectors[{extra}]'",
            name=error.name,
        ) from error
