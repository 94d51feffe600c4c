import sys
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from beast_core.cache import VectorCache


def vector(key: int) -> np.ndarray:
    return np.array([key, -key], dtype=np.float32)


@given(size=st.integers(0, 5), requests=st.lists(st.lists(st.integers(0, 9), unique=True, max_size=8), max_size=8))
def test_it_holds_the_keys_that_were_last_new(size, requests):
    cache, expected = VectorCache(size=size), []
    for keys in requests:
        found = np.full((len(keys), 2), np.nan, dtype=np.float32)
        missing = cache.fill(found, keys=keys).tolist()
        assert [keys[place] for place in missing] == [key for key in keys if key not in expected]
        for place, key in enumerate(keys):
            assert (cache.get(key) is None) == (place in missing) == (key not in cache.rows)
            assert place in missing or found[place].tolist() == cache.get(key).tolist() == vector(key).tolist()
        if len(keys) == 1:
            cache.store_one(keys[0], vector=vector(keys[0]))
        else:
            cache.store(keys, vectors=np.array([vector(key) for key in keys]).reshape(-1, 2))
        expected += [key for key in keys[-size or len(keys) :] if key not in expected]
        expected = expected[-size or len(expected) :]
        assert set(cache.rows) == set(expected) and len(expected) <= size


def test_a_vector_given_out_is_a_copy():
    cache = VectorCache(size=2)
    cache.store([1], vectors=vector(1)[None])
    cache.get(1)[:] = 7
    assert cache.get(1).tolist() == [1, -1]


def test_an_interrupt_leaves_no_key_with_the_vector_of_another():
    class Interrupted(dict):
        def __setitem__(self, row, key):
            raise KeyboardInterrupt

    cache = VectorCache(size=2)
    cache.store([1, 2], vectors=np.array([vector(1), vector(2)]))
    cache._keys = Interrupted(cache._keys)
    with pytest.raises(KeyboardInterrupt):
        cache.store([3], vectors=vector(3)[None])
    assert cache.get(1) is None and cache.get(3) is None and cache.get(2).tolist() == [2, -2]


def test_readers_never_see_the_vector_of_another_key():
    cache, done, wrong = VectorCache(size=3), threading.Event(), []

    def write() -> None:
        for number in range(20_000):
            cache.store([number % 7], vectors=vector(number % 7)[None])
            if number % 100 == 0:
                cache.clear()
        done.set()

    def read() -> None:
        while not done.is_set():
            wrong.extend(key for key in range(7) if (found := cache.get(key)) is not None and found[0] != key)

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    threads = [threading.Thread(target=work) for work in (write, read, read)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.setswitchinterval(interval)
    assert wrong == []
