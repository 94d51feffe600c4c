import json
import pickle
import sys
import threading

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from beast_core import CachedEncoder, NetworkEncoder, encode_words, load_encoder, write_encoder

VOCABULARY = ["", "a", "a\0", "sol", "Sol", "mar", "ñandú", "electroencefalografistas", "👩‍👩‍👧"]
requests = st.lists(st.lists(st.sampled_from(VOCABULARY), max_size=8), max_size=8)


def alone(encoder, word: str) -> np.ndarray:
    with torch.inference_mode():
        return encoder(*map(torch.from_numpy, encode_words([word], config=encoder.config)))[0].numpy()


def test_order_duplicates_and_type(ngram):
    many = [f"palabra{number % 700:04}" + "x" * (number % 11) for number in range(1500)]
    vectors = NetworkEncoder(ngram).encode(many)
    assert (vectors.dtype, vectors.shape) == (np.float32, (1500, 6))
    for row in (0, 1, 699, 700, 1499):
        np.testing.assert_allclose(vectors[row], alone(ngram, many[row]), atol=1e-5)
    np.testing.assert_array_equal(vectors, NetworkEncoder(ngram).encode(word for word in many))


@pytest.mark.parametrize("size", [0, 1, 3, 50_000])
def test_a_request_answers_the_same_whatever_was_remembered(make_encoder, size):
    encoder = make_encoder("ngram", seed=3)
    expected = {word: alone(encoder, word) for word in VOCABULARY}
    computed = []
    hook = encoder.register_forward_hook(lambda _, inputs, output: computed.append(len(inputs[1])))

    @settings(max_examples=50)
    @given(requests)
    def check(stream):
        words, remembered = CachedEncoder(NetworkEncoder(encoder), size=size), []
        for request in stream:
            computed.clear()
            vectors = words.encode(request)
            assert vectors.shape == (len(request), 6)
            for word, vector in zip(request, vectors, strict=True):
                np.testing.assert_allclose(vector, expected[word], atol=1e-5)
            fresh = [word for word in dict.fromkeys(request) if word not in remembered]
            assert sum(computed) == len(fresh)
            remembered = (remembered + fresh)[-size:] if size else []
            for word in request[:1]:
                np.testing.assert_allclose(words.encode_word(word), expected[word], atol=1e-5)
                remembered = (remembered + [word] * (word not in remembered))[-size:] if size else []

    check()
    hook.remove()


def test_the_answer_of_a_cache_is_a_copy(ngram):
    words = CachedEncoder(NetworkEncoder(ngram))
    expected = words.encode(["sol"]).copy()
    for _ in range(2):
        words.encode(["sol"])[:] = 7
        words.encode_word("sol")[:] = 7
    np.testing.assert_array_equal(words.encode(["sol"]), expected)


@pytest.fixture
def hasty_threads():
    """Threads take turns every microsecond, not every five milliseconds: what can interleave, does."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_threads_share_one_cached_encoder(ngram, hasty_threads):
    vocabulary = [f"palabra{number}" for number in range(40)]
    expected = NetworkEncoder(ngram).encode(vocabulary)
    words, problems = CachedEncoder(NetworkEncoder(ngram), size=15), []

    def encode(seed: int) -> None:
        random = np.random.default_rng(seed)
        for _ in range(200):
            chosen = random.integers(0, 40, size=random.integers(1, 30))
            try:
                found = words.encode([vocabulary[index] for index in chosen])
                np.testing.assert_allclose(found, expected[chosen], atol=1e-5)
            except Exception as error:
                problems.append(error)

    threads = [threading.Thread(target=encode, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


FORK = """
import json, multiprocessing, pickle, sys, threading, time
import torch
from beast_core import CachedEncoder, encode_words, load_encoder, read_encoder

torch.set_num_threads(2)
path = sys.argv[1]
context = multiprocessing.get_context("fork")
words = CachedEncoder(load_encoder(path))
many = [f"palabra{number}" for number in range(600)]
expected = words.encode(many)
pickled = pickle.dumps(words)

class Network:
    def __init__(self, encoder):
        self.encoder = encoder

    def encode(self, many):
        with torch.inference_mode():
            return self.encoder(*map(torch.from_numpy, encode_words(many, config=self.encoder.config))).numpy()

def child(make, queue):
    queue.put(float(abs(make().encode(many) - expected).max()))

def outcome(make):
    queue = context.SimpleQueue()
    process = context.Process(target=child, args=(make, queue))
    process.start()
    process.join(15)
    process.kill()
    return "hangs" if process.exitcode is None else "dies" if queue.empty() else queue.get()

outcomes = {
    "inherited": outcome(lambda: words),
    "unpickled": outcome(lambda: pickle.loads(pickled)),
    "loaded": outcome(lambda: load_encoder(path)),
    "a network": outcome(lambda: Network(read_encoder(path))),
}
done = threading.Event()
def encode_forever():
    number = 0
    while not done.is_set():
        number += 1
        words.encode([f"{word}{number}" for word in many])
thread = threading.Thread(target=encode_forever)
thread.start()
time.sleep(0.2)
outcomes["while another thread encodes"] = outcome(lambda: words)
done.set()
thread.join()
print(json.dumps(outcomes))
"""


@pytest.fixture(scope="module", params=["averaged", "ngram"])
def forked(request, make_encoder, run_python, tmp_path_factory):
    # Wide enough that torch works on several threads: those are what a fork loses.
    shape = {"hidden_width": 128, "output_width": 128, "ngram_buckets": 5000}
    path = write_encoder(make_encoder(request.param, **shape), tmp_path_factory.mktemp("fork") / "model")
    return json.loads(run_python(FORK, path))


@pytest.mark.parametrize(
    "encoder_is", ["inherited", "unpickled", "loaded", "a network", "while another thread encodes"]
)
def test_a_forked_child_encodes(forked, encoder_is):
    assert forked[encoder_is] == pytest.approx(0, abs=1e-5)


FORK_WITHOUT_ENCODING = """
import multiprocessing, sys
import torch
import beast_core

torch.set_num_threads(3)
context = multiprocessing.get_context("fork")
words = beast_core.load_encoder(sys.argv[1])

def child(queue):
    queue.put(torch.get_num_threads())
    words.encode(["sol"])
    queue.put(torch.get_num_threads())
    torch.set_num_threads(2)
    words.encode(["mar"])
    queue.put(torch.get_num_threads())

queue = context.SimpleQueue()
context.Process(target=child, args=(queue,)).start()
print([queue.get() for _ in range(3)], torch.get_num_threads())
"""


@pytest.mark.parametrize(("shape", "threads"), [("ngram", "[3, 1, 2] 3"), ("averaged", "[3, 3, 2] 3")])
def test_only_a_forked_process_that_computes_with_torch_is_set_to_one_thread_and_only_once(
    make_encoder, tmp_path, run_python, shape, threads
):
    path = write_encoder(make_encoder(shape), tmp_path / "model")
    assert run_python(FORK_WITHOUT_ENCODING, path).strip() == threads


@pytest.mark.parametrize("shape", ["averaged", "ngram"])
def test_pickle_keeps_the_vectors_and_leaves_the_cache(make_encoder, tmp_path, shape):
    words = CachedEncoder(load_encoder(write_encoder(make_encoder(shape), tmp_path / "model")), size=5)
    sizes = [len(pickle.dumps(words))]
    expected = words.encode(VOCABULARY)
    restored = pickle.loads(pickle.dumps(words))
    sizes.append(len(pickle.dumps(words)))
    assert sizes[0] == sizes[1]
    assert type(restored.encoder) is type(words.encoder) and restored.encoder.width == 6
    np.testing.assert_allclose(restored.encode(VOCABULARY), expected, atol=1e-6)


def test_no_words(ngram):
    words = NetworkEncoder(ngram)
    for _ in range(2):
        assert (words.encode([]).shape, words.encode([]).dtype) == ((0, 6), np.float32)
        words.encode(["sol"])


@pytest.mark.parametrize("given_words", ["sol", b"sol", None, {"sol"}, {"sol": 1}, ["sol", 3], np.array("sol")])
def test_what_is_no_list_of_words_is_refused(ngram, given_words):
    with pytest.raises(TypeError, match="expected"):
        NetworkEncoder(ngram).encode(given_words)


def test_a_refused_request_leaves_the_encoder_as_it_was(ngram):
    words = NetworkEncoder(ngram)
    with pytest.raises(ValueError, match=r"index 1.*lone surrogate"):
        words.encode(["mar", "\ud800"])
    np.testing.assert_allclose(words.encode(["mar"])[0], alone(ngram, "mar"), atol=1e-5)


@pytest.mark.parametrize("size", [-1, 1.5, True, None])
def test_the_size_of_a_cache_is_a_whole_number(ngram, size):
    with pytest.raises(ValueError, match=f"cache_size is {size}, expected a whole number"):
        CachedEncoder(NetworkEncoder(ngram), size=size)


@pytest.mark.parametrize("threads", [0, 1.5, True])
def test_threads_are_a_whole_number(threads):
    with pytest.raises(ValueError, match=f"threads is {threads}, expected a whole number of at least 1"):
        load_encoder(threads=threads)


@pytest.mark.parametrize("shape", ["averaged", "ngram"])
def test_broken_weights_are_an_error_not_a_vector(make_encoder, tmp_path, shape):
    encoder = make_encoder(shape, seed=4)
    words = load_encoder(write_encoder(encoder, tmp_path / "model", compact=False))
    broken = words._kernel.letters if shape == "averaged" else words.network.byte_embedding.weight.detach()
    broken[ord("x") + 1] = np.inf
    if shape == "averaged":  # which has a copy of its own
        words._kernel = type(words._kernel)(
            words.config, weights=words.model.weights | {"byte_embedding.weight": broken}
        )
    assert np.isfinite(words.encode(["sol"])).all()
    with pytest.raises(FloatingPointError, match=r"'box'.*weights are broken"):
        words.encode(["sol", "box"])
    with pytest.raises(FloatingPointError, match=r"'box'.*weights are broken"):
        words.encode_word("box")


def test_a_model_folder_becomes_an_encoder_of_words(ngram, tmp_path):
    path = write_encoder(ngram, tmp_path / "model", compact=False)
    words = load_encoder(str(path))
    np.testing.assert_allclose(words.encode(VOCABULARY), [alone(ngram, word) for word in VOCABULARY], atol=1e-5)


def test_bfloat16_is_told_and_near(ngram, tmp_path):
    words = load_encoder(dtype=torch.bfloat16)
    many = [f"palabra{number}" for number in range(50)] + VOCABULARY
    cosines = (words.encode(many) * load_encoder().encode(many)).sum(axis=1)
    assert words.encode(many).dtype == np.float32
    assert 0.9998 < cosines.min() < 1 - 1e-6 and cosines.max() < 1 + 1e-6
    with pytest.raises(ValueError, match=r"dtype is torch\.int8, expected torch\.float32 or torch\.bfloat16"):
        load_encoder(write_encoder(ngram, tmp_path / "model"), dtype=torch.int8)
    with pytest.raises(ValueError, match=r"device 'mars' cannot be used here: .*; expected cpu, cuda"):
        load_encoder(device="mars")


def test_bfloat16_with_layers_and_a_packed_table(make_encoder, tmp_path):
    path = write_encoder(make_encoder("ngram", seed=2), tmp_path / "model")
    fast, exact = load_encoder(path, dtype=torch.bfloat16), load_encoder(path)
    np.testing.assert_allclose(fast.encode(VOCABULARY), exact.encode(VOCABULARY), atol=0.05)


def test_defaults_of_torch_change_no_vector(ngram):
    expected = NetworkEncoder(ngram).encode(VOCABULARY)
    for default in (torch.float16, torch.float64):
        torch.set_default_dtype(default)
        try:
            found = NetworkEncoder(ngram).encode(VOCABULARY)
        finally:
            torch.set_default_dtype(torch.float32)
        assert found.dtype == np.float32 and np.array_equal(found, expected)
