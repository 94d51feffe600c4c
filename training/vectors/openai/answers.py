"""Answers of an embeddings endpoint, which are refused unless they are whole."""

import base64
import json
from typing import Any

import numpy as np

from training.vectors.openai.errors import PassingError

# The widest embeddings known are those of text-similarity-davinci-001, 12,288 entries (arxiv.org/abs/2201.10005).
WIDEST = 16_384
_SHOWN = 2000


def most_bytes(*, count: int, width: int) -> int:
    """How long an answer with that many vectors may be: 32 bytes a number, which is at most 24 characters and a comma.

    Beside these there is room for what stands around each vector and around all.
    """
    return count * (32 * width + 1024) + 16_384


def read_vectors(body: bytes, *, count: int, width: int | None) -> np.ndarray:
    """The vectors `(count, width)` float32 of an answer, in the order of the request; `width` None takes any.

    Takes both encodings of the protocol, lists of numbers and base64 of little-endian float32, whatever was asked for
    (platform.openai.com/docs/api-reference/embeddings). Raises `PassingError` that says what is wrong.

    >>> body = b'{"data": [{"index": 1, "embedding": [3, 4]}, {"index": 0, "embedding": "AACAPwAAAEA="}]}'
    >>> read_vectors(body, count=2, width=None).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    entries = _entries(body)
    if len(entries) != count:
        raise PassingError(f"the answer holds {len(entries)} vectors, expected {count}")
    by_index = {
        entry["index"]: entry.get("embedding")
        for entry in entries
        if isinstance(entry, dict) and type(entry.get("index")) is int
    }
    if by_index.keys() != set(range(count)):
        raise PassingError(f"the answer's indices are not 0 to {count - 1}, each once")
    vectors = [_vector(by_index[index]) for index in range(count)]
    widths = sorted({len(vector) for vector in vectors})
    if len(widths) > 1 or not 0 < widths[0] <= WIDEST or widths[0] != (width or widths[0]):
        raise PassingError(
            f"the answer's vectors have width {widths[:8]}, expected {width or f'one of 1 to {WIDEST:,}'}"
        )
    stacked = np.stack(vectors)
    if not np.isfinite(stacked).all():
        raise PassingError("the answer's vectors hold NaN or infinity")
    return stacked


def _entries(body: bytes) -> list[Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise PassingError(f"the answer is not JSON ({error}): {body[:_SHOWN]!r}") from None
    entries = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(entries, list):
        raise PassingError(f"the answer has no list 'data': {body[:_SHOWN]!r}")
    return entries


def _vector(embedding: object) -> np.ndarray:
    # Looked at one by one: an array of texts would take the room of the longest for each.
    numbers = isinstance(embedding, list) and all(type(number) in (int, float) for number in embedding)
    if not numbers and not isinstance(embedding, str):
        raise PassingError("a vector of the answer is neither a list of numbers nor base64")
    try:
        if isinstance(embedding, str):
            return np.frombuffer(base64.b64decode(embedding, validate=True), dtype="<f4").astype(np.float32)
        with np.errstate(over="ignore"):  # becomes infinity, which is refused
            return np.array(embedding, dtype=np.float64).astype(np.float32)
    except (ValueError, OverflowError) as error:
        raise PassingError(f"a vector of the answer cannot be decoded ({error})") from None
