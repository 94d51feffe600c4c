"""What is only there where an extra of this package is installed."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def needs_torch(what: str) -> Iterator[None]:
    """Around an import of torch: where it is not installed, raises `ImportError` that says what needs it and how to get
    it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        raise ImportError(
            f"torch is not installed, which is needed by {what}: pip install 'beast-vectors[torch]'", name="torch"
        ) from error
