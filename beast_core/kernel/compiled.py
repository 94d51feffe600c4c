"""The compiled kernel, called through ctypes: no version of Python is assumed, and the interpreter is not held up."""

import ctypes
from collections.abc import Callable, Mapping
from functools import cache

import numpy as np

from beast_core.families.ngram import HASH_MULTIPLIER, NgramConfig
from beast_core.kernel.compile import INSTRUCTION_SETS, LIBRARY, source_digest
from beast_core.kernel.interface import Kernel

# What `encode.c` says of the same names.
_COLUMNS, _TILE, _MOST_POSITIONS = 64, 16, 64
_NO_MEMORY = -2

_ARRAYS = (
    *("packed", "dense", "letters", "expansion", "expansion_bias", "projection", "projection_bias"),
    *("sizes", "buckets", "powers", "inverses"),
)
_NUMBERS = ("ngram_sizes", "hidden_width", "hidden_stride", "inner_stride", "output_width", "output_stride")


class _Model(ctypes.Structure):
    """`struct model` of `encode.c`."""

    _fields_ = [(name, ctypes.c_void_p) for name in _ARRAYS] + [(name, ctypes.c_int64) for name in _NUMBERS]


@cache
def library() -> tuple[ctypes.CDLL | None, str]:
    """The compiled library, or None and why there is none that could be used."""
    again = "compile it by python -m beast_core.kernel, which needs a C compiler"
    if not LIBRARY.is_file():
        return None, f"there is no {LIBRARY.name}, as no compiler was there at the installation; {again}"
    try:
        found = ctypes.CDLL(str(LIBRARY))
        found.beast_source.restype = ctypes.c_char_p
        if found.beast_source().decode() != source_digest():
            return None, f"{LIBRARY} was compiled from another encode.c; {again}"
    except (OSError, AttributeError) as error:
        return None, f"{LIBRARY} cannot be loaded: {error}; {again}"
    return found, ""


@cache
def instruction_sets() -> tuple[str, ...]:
    """What the library was compiled for, of what this processor has; the last is the fastest."""
    found, _ = library()
    known = list(INSTRUCTION_SETS)[: found.beast_instruction_sets()] if found else []
    return "anywhere", *(name for name in known if hasattr(found, f"beast_encode_{name}"))


class CompiledKernel(Kernel):
    """The kernel of `encode.c`: for one word as for many, on the thread that calls it, by one of `instruction_sets()`.

    That is the last of them, unless it is said.
    """

    name = "compiled"

    def __init__(
        self, config: NgramConfig, *, weights: Mapping[str, np.ndarray], instructions: str | None = None
    ) -> None:
        super().__init__(config, weights=weights)
        found, problem = library()
        if found is None:
            raise RuntimeError(f"the compiled kernel cannot be used: {problem}")
        self._encode_words, self._encode_one = _functions(found, instructions or instruction_sets()[-1])
        hidden, inner = (_padded(width) for width in (config.hidden_width, config.pooled_width))
        output = _padded(config.output_width)
        shapes = [(hidden, inner), (inner, output)][-len(self.linear) :]
        tiled = [_tiled(weight, bias, shape) for (weight, bias), shape in zip(self.linear, shapes, strict=True)]
        expansion, projection = tiled if config.projection_width else [(None, None), *tiled]
        powers = [[pow(HASH_MULTIPLIER, sign * power, 1 << 64) for power in range(_MOST_POSITIONS)] for sign in (1, -1)]
        arrays: dict[str, np.ndarray | None] = {
            "packed" if self.is_packed else "dense": self.table,
            "letters": np.pad(self.letters, ((0, 0), (0, hidden - config.hidden_width))),
            **dict(zip(("expansion", "expansion_bias"), expansion, strict=True)),
            **dict(zip(("projection", "projection_bias"), projection, strict=True)),
            "sizes": np.array(config.ngram_sizes, dtype=np.int64),
            "buckets": np.array(config.ngram_buckets, dtype=np.int64),
            **dict(zip(("powers", "inverses"), np.array(powers, dtype=np.uint64), strict=True)),
        }
        # They have to live as long as their addresses are used.
        self._arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items() if array is not None}
        numbers = (len(config.ngram_sizes), config.hidden_width, hidden, inner, config.output_width, output)
        addresses = {name: array.ctypes.data for name, array in self._arrays.items()}
        self._model = _Model(**addresses, **dict(zip(_NUMBERS, numbers, strict=True)))
        self._model_address = ctypes.addressof(self._model)

    def _encode(self, text: np.ndarray, starts: np.ndarray, lengths: np.ndarray, vectors: np.ndarray) -> int | None:
        addresses = (array.ctypes.data for array in (text, starts, lengths))
        return _place(self._encode_words(self._model_address, *addresses, len(lengths), vectors.ctypes.data))

    def _encode_word(self, word: bytes) -> np.ndarray:
        vector = np.empty(self.config.output_width, dtype=np.float32)
        _place(self._encode_one(self._model_address, word, len(word), vector.ctypes.data))
        return vector


def _functions(found: ctypes.CDLL, instructions: str) -> tuple[Callable[..., int], Callable[..., int]]:
    pointer, number = ctypes.c_void_p, ctypes.c_int64
    words, word = found[f"beast_encode_{instructions}"], found[f"beast_encode_word_{instructions}"]
    words.argtypes = [pointer, pointer, pointer, pointer, number, pointer]
    word.argtypes = [pointer, ctypes.c_char_p, number, pointer]
    words.restype = word.restype = number
    return words, word


def _place(returned: int) -> int | None:
    if returned == _NO_MEMORY:
        raise MemoryError("no memory left for the vectors of six words")
    return returned if returned >= 0 else None


def _padded(width: int) -> int:
    return -(-width // _COLUMNS) * _COLUMNS


def _tiled(weight: np.ndarray, bias: np.ndarray, shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A weight matrix `(inputs, outputs)`, padded to that shape, as tiles `(tiles, inputs, tile)`; and its bias."""
    inputs, outputs = (padded - width for padded, width in zip(shape, weight.shape, strict=True))
    padded = np.pad(weight, ((0, inputs), (0, outputs)))
    return padded.reshape(shape[0], -1, _TILE).transpose(1, 0, 2), np.pad(bias, (0, outputs))
