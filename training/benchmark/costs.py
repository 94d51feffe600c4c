"""What a word takes in the compiled kernel on one thread, part by part, beside what this machine could do at best.

The parts are differences of whole calls: no clock is read inside the kernel. Of a model that gives a quarter of the
entries the matrix product and what follows it cost a quarter, and all else costs the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from threadpoolctl import threadpool_limits

from beast_core import load_encoder
from beast_core.encoding import join_words
from beast_core.families.ngram import NgramConfig
from beast_core.kernel import make_kernel
from beast_core.kernel.interface import Kernel
from beast_core.storage import Model
from training.benchmark.measured import CostPart
from training.benchmark.timing import in_turns, seconds_of

_WORDS = 8192
_NARROWER = 4
_CACHE_LINE = 64
# A matrix product is at its fastest with matrices of this many rows; the copy is larger than any cache.
_ROWS, _COPIED_BYTES = 1024, 2**27


def word_costs(words: Sequence[str], *, rounds: int) -> list[CostPart]:
    """The parts of a new word's time in the shipped model, which has no layer but the last."""
    encoder = load_encoder(threads=1)
    config, words = encoder.config, list(words[:_WORDS])
    assert isinstance(config, NgramConfig) and not config.projection_width  # as every shipped model
    text, starts, lengths = join_words(words, config=config)
    kernel = make_kernel(config, weights=encoder.model.weights)

    def call(kernel: Kernel) -> Callable[[], float]:
        vectors = np.empty((len(words), kernel.config.output_width), dtype=np.float32)
        return partial(seconds_of, lambda: kernel.encode(text, starts=starts, lengths=lengths, vectors=vectors))

    works: dict[str, Callable[[], float]] = {
        "all": partial(seconds_of, partial(encoder.encode, words)),
        "kernel": call(kernel),
        "narrow": call(_narrow_kernel(encoder.model)),
    }
    spreads = in_turns(works, rounds=rounds)
    all_of_it, whole, narrow = (spreads[name].median / len(words) for name in ("all", "kernel", "narrow"))
    last = (whole - narrow) * _NARROWER / (_NARROWER - 1)
    operations = 2 * config.pooled_width * config.output_width
    lines = -(-kernel.table.strides[0] // _CACHE_LINE)
    read = float(lengths.mean() + 2) * len(config.ngram_sizes) * lines * _CACHE_LINE
    speed, copied = _operations_a_second(rounds), _copied_bytes_a_second(rounds)
    return [
        CostPart(what="outside of the kernel: distinct words, spelling, bytes", seconds=all_of_it - whole),
        CostPart(
            what="hashes, and sums of rows of the table",
            seconds=whole - last,
            least_seconds=read / copied,
            limit=f"{read / 1000:.1f} kB read at {copied / 1e9:.1f} GB/s, as a large array is copied",
        ),
        CostPart(
            what="matrix product, tanh and length",
            seconds=last,
            least_seconds=operations / speed,
            limit=f"{operations:,} operations at {speed / 1e9:.0f} GFLOP/s, as BLAS multiplies large matrices",
        ),
    ]


def _narrow_kernel(model: Model) -> Kernel:
    config = replace(model.config, output_width=model.config.output_width // _NARROWER)
    kept = slice(config.output_width)
    last = {name: model.weights[name][kept] for name in ("projection.weight", "projection.bias")}
    return make_kernel(config, weights={**model.weights, **last})


def _operations_a_second(rounds: int) -> float:
    """Of float32 on one thread: the best of several products."""
    matrix = np.random.default_rng(0).standard_normal((_ROWS, _ROWS), dtype=np.float32)
    product = np.empty_like(matrix)
    with threadpool_limits(1, user_api="blas"):
        best = min(seconds_of(partial(np.matmul, matrix, matrix, out=product)) for _ in range(rounds + 1))
    return 2 * _ROWS**3 / best


def _copied_bytes_a_second(rounds: int) -> float:
    """Bytes read and written on one thread: the best of several copies."""
    source, copy = np.ones(_COPIED_BYTES, dtype=np.uint8), np.empty(_COPIED_BYTES, dtype=np.uint8)
    best = min(seconds_of(partial(np.copyto, copy, source)) for _ in range(rounds + 1))
    return 2 * _COPIED_BYTES / best
