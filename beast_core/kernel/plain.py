"""The kernel in NumPy: the same vectors, slower, where no library could be compiled."""

import math

import numpy as np

from beast_core.families.ngram import BEGIN_ID, END_ID, HASH_MULTIPLIER
from beast_core.kernel.interface import Kernel
from beast_core.packing import row_entries, row_scales

# Words that are computed at once: what they need stays in a core's cache.
_WORDS = 16
# A matrix product is taken of so few rows that a BLAS does it on one thread, as its threads wait for each other in
# loops, and always of as many, since another number of them may be rounded in another way.
_MOST_PRODUCTS = 2**18
_LEAST_NORM = np.float32(1e-12)
_error_function = np.frompyfunc(math.erf, 1, 1)


class PlainKernel(Kernel):
    """The kernel of NumPy."""

    name = "numpy"

    def _encode(self, text: np.ndarray, starts: np.ndarray, lengths: np.ndarray, vectors: np.ndarray) -> int | None:
        rows = (int(lengths.max()) + 2) * (1 + len(self.config.ngram_sizes))
        # Filled again and again: of every new piece of so much memory, the first use is what takes time.
        buffer = np.empty((min(_WORDS, len(lengths)) * rows, self.config.hidden_width), dtype=np.float32)
        for first in range(0, len(lengths), _WORDS):
            part = slice(first, first + _WORDS)
            vectors[part] = self._some(text, starts[part], lengths[part], buffer=buffer)
        broken = np.flatnonzero(~np.isfinite(vectors.sum(axis=1)))
        return int(broken[0]) if len(broken) else None

    def _encode_word(self, word: bytes) -> np.ndarray:
        vectors = np.empty((1, self.config.output_width), dtype=np.float32)
        self._encode(np.frombuffer(word, dtype=np.uint8), np.zeros(1, np.int64), np.array([len(word)]), vectors)
        vector: np.ndarray = vectors[0]
        return vector

    def _some(self, text: np.ndarray, starts: np.ndarray, lengths: np.ndarray, *, buffer: np.ndarray) -> np.ndarray:
        """The vectors of up to `_WORDS` words; `buffer` has room for a row of each of their letters and n-grams."""
        inputs = np.zeros((_WORDS, self.config.hidden_width), dtype=np.float32)
        inputs[: len(lengths)] = self._pooled(text, starts, lengths, buffer=buffer)
        *before, (weight, bias) = self.linear
        for expansion, expansion_bias in before:
            inputs = _linear(inputs, expansion, expansion_bias)
            inputs *= 0.5 * (1 + _error_function(inputs * math.sqrt(0.5)).astype(np.float32))
        outputs = np.tanh(_linear(inputs, weight, bias))
        # Entry by entry in one order, as the sum over an axis of a matrix may be taken in several.
        norms = np.sqrt(np.einsum("ij,ij->i", outputs, outputs))
        vectors: np.ndarray = (outputs / np.maximum(norms, _LEAST_NORM)[:, None])[: len(lengths)]
        return vectors

    def _pooled(self, text: np.ndarray, starts: np.ndarray, lengths: np.ndarray, *, buffer: np.ndarray) -> np.ndarray:
        """The mean of the embeddings of all positions, `(words, hidden width)`."""
        positions = lengths + 2
        longest = max(self.config.ngram_sizes)
        place = np.arange(int(positions.max()))
        present = place < positions[:, None]
        letters = (starts[:, None] + (place - 1))[present]
        begins = np.cumsum(positions) - positions
        letters[begins] = letters[begins + positions - 1] = 0
        ids = np.zeros((len(lengths), longest - 1 + len(place)), dtype=np.uint64)
        own = text[letters].astype(np.uint64) + np.uint64(1) if len(text) else np.zeros(len(letters), dtype=np.uint64)
        own[begins], own[begins + positions - 1] = BEGIN_ID, END_ID
        ids[:, longest - 1 :][present] = own
        rows = self._rows(ids, longest=longest)[present].reshape(-1)
        room = buffer[len(rows) :][: len(own)]
        embedded = np.take(self.letters, own.astype(np.int64), axis=0, out=room, mode="clip")
        factors, entries, offsets = self._read(rows, buffer=buffer)
        pooled = np.empty((len(lengths), self.config.hidden_width), dtype=np.float32)
        sizes = len(self.config.ngram_sizes)
        for word, begin, end in zip(pooled, begins * sizes, (begins + positions) * sizes, strict=True):
            # Not a product of BLAS, which would be faster, but rounds differently for as many words as there are.
            np.einsum("r,rc->c", factors[begin:end], entries[begin:end], out=word)
        pooled += np.add.reduceat(embedded, begins, axis=0)
        pooled += np.add.reduceat(offsets, begins * sizes)[:, None]
        pooled /= positions[:, None].astype(np.float32)
        return pooled

    def _read(self, rows: np.ndarray, *, buffer: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of rows of the table: what their entries are multiplied by, the entries, and what is added to each."""
        if not self.is_packed:
            entries = np.take(self.table, rows, axis=0, out=buffer[: len(rows)], mode="clip")
            return np.ones(len(rows), dtype=np.float32), entries, np.zeros(len(rows), dtype=np.float32)
        packed = self.table.take(rows, axis=0)
        scales, offsets = row_scales(packed).astype(np.float32).T
        return scales, row_entries(packed, out=buffer), offsets

    def _rows(self, ids: np.ndarray, *, longest: int) -> np.ndarray:
        """See `beast_core.network.layers.ngram_hashes`, which says how n-grams are hashed. Here by its definition, in
        the wrapping arithmetic of unsigned numbers: ids that begin with `longest` - 1 zeros -> `(words, positions,
        sizes)`."""
        config, most, begin = self.config, max(self.config.ngram_buckets), 0
        positions = ids.shape[1] - longest + 1
        rows = np.empty((len(ids), positions, len(config.ngram_sizes)), dtype=np.int64)
        hashes, size = np.zeros((len(ids), positions), dtype=np.uint64), 0
        for number, (wanted, buckets) in enumerate(zip(config.ngram_sizes, config.ngram_buckets, strict=True)):
            while size < wanted:  # one letter more before those that there are, whose powers grow by one
                hashes = (
                    hashes * np.uint64(HASH_MULTIPLIER) + ids[:, longest - 1 - size : longest - 1 - size + positions]
                )
                size += 1
            rows[..., number] = hashes.view(np.int64) % most % buckets + begin
            begin += buckets
        return rows


def _linear(inputs: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    outputs = np.empty((len(inputs), len(bias)), dtype=np.float32)
    rows = max(divisor for divisor in (1, 2, 4, 8) if divisor == 1 or divisor * weight.size <= _MOST_PRODUCTS)
    for first in range(0, len(inputs), rows):
        np.matmul(inputs[first : first + rows], weight, out=outputs[first : first + rows])
    outputs += bias
    return outputs
