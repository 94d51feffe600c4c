import math
from itertools import product

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from beast_core import PRESETS
from beast_core.families.ngram import HASH_MULTIPLIER
from beast_core.network.layers import Layout, mark_words, ngram_hashes
from beast_core.positions import sinusoidal_positions


def slow_hash(symbols: list[int], *, buckets: int) -> int:
    total = 0
    for power, symbol in enumerate(symbols):
        total += symbol * HASH_MULTIPLIER**power
    wrapped = (total + 2**63) % 2**64 - 2**63
    return wrapped % buckets


def test_ngram_hashes_by_hand():
    rows = ngram_hashes(torch.tensor([[1, 2, 3], [0, 0, 10]]), sizes=(2, 3), buckets=(1000, 100))
    # With m = 1,000,000,007: pairs 0 + 1m, 1 + 2m, 2 + 3m; triples 0 + 0m + 1m², 0 + 1m + 2m², 1 + 2m + 3m².
    # Triples have a hundred rows, from 1000 on.
    assert rows[0].tolist() == [[7, 1049], [15, 1005], [23, 1062]]
    # 10m² = 10,000,000,140,000,000,490 is over 2^63 and wraps to -8,446,743,933,709,551,126.
    assert rows[1, 2].tolist() == [70, 1074]


@given(
    st.lists(st.integers(0, 258), min_size=1, max_size=26),
    st.dictionaries(st.integers(2, 8), st.integers(1, 2**31), min_size=1),
)
def test_ngram_hashes_equal_the_slow_reference(ids, buckets_of_size):
    sizes, buckets = zip(*sorted(buckets_of_size.items()), strict=True)
    expected = [
        [
            sum(buckets[:place]) + slow_hash(([0] * size + ids)[end : end + size], buckets=max(buckets)) % own
            for place, (size, own) in enumerate(zip(sizes, buckets, strict=True))
        ]
        for end in range(1, len(ids) + 1)
    ]
    assert ngram_hashes(torch.tensor([ids]), sizes=sizes, buckets=buckets)[0].tolist() == expected


def collisions(trigrams: torch.Tensor, *, buckets: tuple[int, ...]) -> float:
    """Pairs of trigrams in one bucket, over the number expected of an ideal hash."""
    count = len(trigrams)
    sizes = tuple(range(3, 3 + len(buckets)))
    rows = ngram_hashes(trigrams, sizes=sizes, buckets=buckets)[:, -1, 0]
    in_bucket = torch.bincount(rows, minlength=buckets[0]).double()
    return float((in_bucket * (in_bucket - 1)).sum() / (count * (count - 1) / buckets[0]))


def test_the_preset_spreads_spanish_trigrams_and_a_round_bucket_count_would_not():
    letters = [byte + 1 for byte in sorted(set("abcdefghijklmnopqrstuvwxyzñ".encode()))]
    trigrams = torch.tensor(list(product(letters, repeat=3)))
    assert collisions(trigrams, buckets=PRESETS["beast"].ngram_buckets) < 1.05
    assert collisions(trigrams, buckets=(12_500,)) > 5


def test_mark_words():
    word_bytes = torch.tensor([[97, 0, 255, 0], [0, 0, 0, 0], [98, 9, 9, 9]], dtype=torch.uint8)
    assert mark_words(word_bytes, lengths=torch.tensor([3, 0, 1])).tolist() == [
        [257, 98, 1, 256, 258],
        [257, 258, 0, 0, 0],
        [257, 99, 258, 0, 0],
    ]
    assert mark_words(word_bytes[:0], lengths=torch.tensor([], dtype=torch.int64)).shape == (0, 2)


@pytest.mark.parametrize("width", [2, 8, 256])
def test_sinusoidal_positions_follow_the_formula(width):
    expected = [
        [(math.cos if column % 2 else math.sin)(row / 10_000 ** (column // 2 * 2 / width)) for column in range(width)]
        for row in range(24)
    ]
    assert sinusoidal_positions(24, width=width).tolist() == [pytest.approx(row, abs=1e-5) for row in expected]


def test_rotation_by_hand():
    turned = Layout.of(torch.tensor([[True, True]]), head_width=4).rotate(torch.tensor([[[1.0, 0.0, 0.0, 1.0]]] * 2))
    slow = 500_000**-0.5
    assert turned[0, 0].tolist() == [1, 0, 0, 1]
    assert turned[1, 0].tolist() == pytest.approx([math.cos(1), math.sin(1), -math.sin(slow), math.cos(slow)])


@given(st.integers(0, 2**32))
def test_rotated_products_depend_on_the_distance_alone(seed):
    query, key = torch.randn(2, 1, 16, generator=torch.Generator().manual_seed(seed))
    layout = Layout.of(torch.ones(1, 26, dtype=torch.bool), head_width=16)
    queries, keys = (layout.rotate(vector.expand(26, 1, 16))[:, 0] for vector in (query, key))
    products = queries @ keys.T
    torch.testing.assert_close(products[1:, 1:], products[:-1, :-1], atol=1e-4, rtol=0)
    assert not torch.allclose(products[0, 1:], products[0, :-1], atol=1e-3)
