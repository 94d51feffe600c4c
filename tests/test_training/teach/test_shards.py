import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.teach.shards import Shards, ShardsError, forget_shards


class Letters:
    """A teacher of words of the letters a and b: how often each occurs, as lengths that float16 could not hold."""

    width = 2

    def lookup(self, words):
        counts = np.array([[word.count("a"), word.count("b")] for word in words], dtype=np.float32) * 1e30
        return counts, counts.any(axis=1)


WORDS = ["ab", "a", "b", "x", "aab", "bb", "aaab"]


def opened(folder, **run):
    return Shards(folder, run=run, count=len(WORDS), size=3)


def filled(folder):
    shards = opened(folder)
    for index in sorted(shards.missing):
        shards.fill(index, words=WORDS[shards.rows(index)], teacher=Letters())
    return shards


def test_shards_hold_unit_vectors_and_which_words_are_known(tmp_path):
    assert (opened(tmp_path).width, opened(tmp_path).missing) == (0, {0, 1, 2})
    filled(tmp_path)
    shards = opened(tmp_path)
    assert (len(shards), shards.width, shards.missing) == (3, 2, set())
    assert shards.known.tolist() == [word != "x" for word in WORDS]
    found = np.concatenate([shards.read(index).vectors for index in range(3)])
    expected = [[0.5**0.5] * 2, [1, 0], [0, 1], [0, 0], [0.8**0.5, 0.2**0.5], [0, 1], [0.9**0.5, 0.1**0.5]]
    assert found.dtype == np.float16
    np.testing.assert_allclose(found, expected, atol=5e-4)


@pytest.fixture(scope="module")
def shard(tmp_path_factory):
    """A folder of shards, the file of the middle one, what is in the file, and what is in the shard."""
    folder = tmp_path_factory.mktemp("shards")
    whole, file = filled(folder).read(1), folder / "00001.npz"
    return folder, file, file.read_bytes(), whole


@settings(max_examples=300, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_changed_bit_is_found_unless_it_changes_nothing(shard, place, bit):
    folder, file, content, whole = shard
    changed = bytearray(content)
    changed[int(place * len(content))] ^= 1 << bit
    file.write_bytes(changed)
    shards = opened(folder)
    if shards.missing:
        assert shards.missing == shards.damaged == {1}
        with pytest.raises(ShardsError, match=r"00001\.npz is damaged; the same command makes it again"):
            shards.read(1)
    else:
        np.testing.assert_array_equal(shards.read(1).vectors, whole.vectors)
        np.testing.assert_array_equal(shards.read(1).known, whole.known)


@settings(max_examples=100, deadline=None)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_shard_that_was_cut_is_found(shard, share):
    folder, file, content, _ = shard
    file.write_bytes(content[: int(share * len(content))])
    assert opened(folder).damaged == {1}


def test_a_longer_list_misses_the_last_shard_and_a_shorter_one_harms_none(tmp_path):
    filled(tmp_path)
    more = Shards(tmp_path, run={}, count=len(WORDS) + 1, size=3)
    assert more.missing == {2} and not more.damaged
    less = Shards(tmp_path, run={}, count=2, size=3)
    assert less.missing == {0} and not less.damaged
    less.fill(0, words=WORDS[:2], teacher=Letters())
    assert not Shards(tmp_path, run={}, count=len(WORDS), size=3).missing


def test_every_difference_to_another_run_is_told(tmp_path):
    opened(tmp_path, teacher="nobody has asked it yet")
    run = {"teacher": {"name": "a", "options": {"templates": ("{}",)}}, "words": "x"}
    opened(tmp_path, **run).fill(0, words=WORDS[:3], teacher=Letters())
    assert opened(tmp_path, **run).missing == {1, 2}
    told = r"teacher\.name was 'a' and is 'b'; teacher\.options\.templates was \['\{\}'\] and is None; words was"
    with pytest.raises(ShardsError, match=told):
        opened(tmp_path, teacher={"name": "b", "options": {}}, words="y")
    (tmp_path / "run.json").unlink()
    with pytest.raises(ShardsError, match=r"run\.json cannot be read .* start anew with --restart"):
        opened(tmp_path, **run)


def test_only_shards_are_forgotten(tmp_path):
    folder = tmp_path / "shards"
    forget_shards(folder)
    filled(folder)
    (folder / "notes.txt").write_text("")
    with pytest.raises(ShardsError, match=r"also holds \['notes\.txt'\]"):
        forget_shards(folder)
    assert not opened(folder).missing
    (folder / "notes.txt").unlink()
    forget_shards(folder)
    assert not folder.exists()
