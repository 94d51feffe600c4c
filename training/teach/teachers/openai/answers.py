"""Answers of an embeddings endpoint, which are refused unless they are whole."""

import base64
import json
from typing import Any

import numpy as np

# Whoever shows the message shortens it, after looking for what must not be shown.
_SHOWN = 2000


class AnswerError(ValueError):
    """An answer that is not what was asked for; asking again may help."""


def read_vectors(body: bytes, *, count: int, width: int | None) -> np.ndarray:
    """The vectors `(count, width)` float32 of an answer, in the order of the request; `width` None takes any.

    Takes both encodings of the protocol, lists of numbers and base64 of little-endian float32, whatever was asked for
    (platform.openai.com/docs/api-reference/embeddings). Raises `AnswerError` that says what is wrong.

    >>> body = b'{"data": [{"index": 1, "embedding": [3, 4]}, {"index": 0, "embedding": "AACAPwAAAEA="}]}'
    >>> read_vectors(body, count=2, width=None).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    entries = _entries(body)
    indices = [entry.get("index") if isinstance(entry, dict) else None for entry in entries]
    if len(entries) != count:
        raise AnswerError(f"it holds {len(entries)} vectors, expected {count}")
    if any(type(index) is not int for index in indices) or sorted(indices) != list(range(count)):
        raise AnswerError(f"its indices are not 0 to {count - 1}, each once: {indices[:8]}")
    vectors = [_vector(entry.get("embedding")) for entry in sorted(entries, key=lambda entry: entry["index"])]
    widths = sorted({len(vector) for vector in vectors})
    if len(widths) > 1 or widths[0] != (width or widths[0]) or not widths[0]:
        raise AnswerError(f"its vectors have width {widths}, expected {width or 'one width'}")
    stacked = np.stack(vectors)
    if not np.isfinite(stacked).all():
        raise AnswerError("its vectors hold NaN or infinity")
    return stacked


def _entries(body: bytes) -> list[Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise AnswerError(f"it is not JSON ({error}): {body[:_SHOWN]!r}") from None
    entries = answer.get("data") if isinstance(answer, dict) else None
    if not isinstance(entries, list):
        raise AnswerError(f"it has no list 'data': {body[:_SHOWN]!r}")
    return entries


def _vector(embedding: object) -> np.ndarray:
    try:
        if isinstance(embedding, str):
            return np.frombuffer(base64.b64decode(embedding, validate=True), dtype="<f4").astype(np.float32)
        numbers = np.asarray(embedding)
    except ValueError as error:
        raise AnswerError(f"a vector cannot be decoded ({error})") from None
    if numbers.ndim != 1 or numbers.dtype.kind not in "iuf":
        raise AnswerError("a vector is neither a list of numbers nor base64")
    with np.errstate(over="ignore"):  # becomes infinity, which is refused
        return numbers.astype(np.float32)
