"""The kernels against the network that is their reference, and against each other."""

import json
import os
import platform
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from beast_core import (
    BeastEncoder,
    EncoderConfig,
    encode_words,
    load_encoder,
    read_encoder,
    shipped_languages,
    write_encoder,
)
from beast_core.encoding import join_words
from beast_core.inference import KernelEncoder
from beast_core.kernel import CompiledKernel, PlainKernel, make_kernel, path_in_use
from beast_core.kernel.compile import CompilationError, compile_library
from beast_core.kernel.compiled import instruction_sets
from beast_core.network.folders import network_of, stored

# Of all that the compiler knew and this processor has.
COMPILED = [
    pytest.param(partial(CompiledKernel, instructions=instructions), id=instructions)
    for instructions in instruction_sets()
]
KERNELS = [*COMPILED, pytest.param(PlainKernel, id="numpy")]
# The first entries of vectors that the network gave of the shipped models: no change of the code may move them.
RECORDED = json.loads(Path(__file__).with_name("golden.json").read_text())
WORDS = [
    "",
    "a",
    "ñandú",
    "a\0",
    "electroencefalografistas",
    "otorrinolaringólogos y más allá",
    "👩‍👩‍👧",
    "\n",
    "a\nb",
    "Ж" * 40,
]


def reference(encoder: BeastEncoder, words: list[str]) -> np.ndarray:
    """Gradients are wanted, so that the network itself computes."""
    inputs = map(torch.from_numpy, encode_words(words, config=encoder.config))
    return encoder.requires_grad_(True)(*inputs).detach().numpy()


def kernel_vectors(kernel, words: list[str]) -> np.ndarray:
    text, starts, lengths = join_words(words, config=kernel.config)
    vectors = np.full((len(words), kernel.config.output_width), np.nan, dtype=np.float32)
    assert kernel.encode(text, starts=starts, lengths=lengths, vectors=vectors) is None
    return vectors


@st.composite
def configurations(draw):
    """Widths that fill the columns of a kernel and that do not, n-grams longer than the window, a hidden layer or
    none."""
    sizes = sorted(draw(st.sets(st.integers(2, 12), min_size=1, max_size=5)))
    return EncoderConfig.from_dict(
        {
            "family": "ngram",
            "layers": 0,
            "heads": 2,
            "hidden_width": 4 * draw(st.integers(1, 40)),
            "output_width": draw(st.integers(1, 140)),
            "projection_width": draw(st.just(0) | st.integers(1, 140)),
            "window": draw(st.integers(1, 62)),
            "ngram_sizes": sizes,
            "ngram_buckets": [draw(st.integers(1, 300)) for _ in sizes],
            "lowercase": draw(st.booleans()),
        }
    )


@pytest.mark.parametrize("kind", KERNELS)
@settings(max_examples=60)
@given(
    config=configurations(),
    words=st.lists(st.text(max_size=70), min_size=1, max_size=20),
    seed=st.integers(0, 99),
    compact=st.booleans(),
    random=st.randoms(use_true_random=False),
)
def test_a_kernel_gives_the_vectors_of_the_network_and_each_word_its_own_to_the_bit(
    make_encoder, kind, config, words, seed, compact, random
):
    model = stored(make_encoder(config, seed=seed), compact=compact, where="here")
    kernel, words = kind(config, weights=model.weights), [*words, *WORDS]
    found = kernel_vectors(kernel, words)
    np.testing.assert_allclose(found, reference(network_of(model), words), atol=1e-6, rtol=0)
    shuffled = random.sample(range(len(words)), k=random.randint(1, len(words)))
    np.testing.assert_array_equal(kernel_vectors(kernel, [words[place] for place in shuffled]), found[shuffled])
    for place in shuffled[:4]:
        encoded = join_words([words[place]], config=config)[0].tobytes()
        np.testing.assert_array_equal(kernel.encode_word(encoded), found[place])


@pytest.mark.parametrize("kind", KERNELS)
@pytest.mark.parametrize("language", shipped_languages())
def test_shipped_models_have_the_vectors_of_their_networks(language, kind):
    words = [*WORDS, "perro", "Straße", "inventadísimo", "d’or", "12.345,67", "日本語"]
    encoder = load_encoder(language)
    kernel = kind(encoder.config, weights=encoder.model.weights)
    expected = reference(read_encoder(language), words)
    np.testing.assert_allclose(kernel_vectors(kernel, words), expected, atol=1e-6, rtol=0)
    recorded = RECORDED[language]
    np.testing.assert_allclose(kernel_vectors(kernel, list(recorded))[:, :4], list(recorded.values()), atol=1e-6)


def test_any_number_of_threads_and_any_batch_gives_a_word_the_same_vector_to_the_bit():
    words = [f"palabra{number}" for number in range(5000)]
    one, three = load_encoder(threads=1), load_encoder(threads=3)
    vectors = one.encode(words)
    np.testing.assert_array_equal(three.encode(words), vectors)
    np.testing.assert_array_equal(three.encode(words[1234:4321]), vectors[1234:4321])
    for place in (0, 1023, 1024, 4999):
        np.testing.assert_array_equal(one.encode_word(words[place]), vectors[place])


def test_a_network_is_read_by_the_kernel_as_its_weights_are_now(make_encoder):
    encoder = make_encoder("averaged", seed=1)
    inputs = tuple(map(torch.from_numpy, encode_words(WORDS, config=encoder.config)))
    kernel = CompiledKernel(encoder.config, weights=stored(encoder, compact=False, where="here").weights)
    with torch.inference_mode():
        np.testing.assert_array_equal(encoder(*inputs).numpy(), kernel_vectors(kernel, WORDS))
    with torch.no_grad():
        before = encoder(*inputs)
        encoder.projection.weight[0] += 1
        after = encoder(*inputs)
    np.testing.assert_allclose(after.numpy(), reference(encoder, WORDS), atol=1e-6)
    assert not torch.allclose(before, after)
    encoder.projection = torch.nn.Sequential(encoder.projection, torch.nn.Threshold(0, -1))  # which no kernel knows
    with torch.inference_mode():
        assert not torch.allclose(encoder(*inputs), after)


def test_what_is_no_model_or_no_words_of_it_is_refused_before_anything_is_computed(make_encoder):
    model = stored(make_encoder("averaged"), compact=True, where="here")
    table = model.weights["ngram_embedding.weight"]
    for name, value in (
        ("ngram_embedding.weight", table[:-1]),
        ("ngram_embedding.weight", table.astype(np.int8)),
        ("byte_embedding.weight", np.ones((259, 9), dtype=np.float32)),
        ("projection.bias", None),
    ):
        weights = {**model.weights, name: value}
        with pytest.raises(ValueError, match=f"{name} is .*, expected float32 or float16"):
            make_kernel(model.config, weights={key: value for key, value in weights.items() if value is not None})
    for kind in (CompiledKernel, PlainKernel):
        kernel = kind(model.config, weights=model.weights)
        text, number = np.frombuffer(b"solmar", dtype=np.uint8), np.array([3], dtype=np.int64)
        good = {"starts": number, "lengths": number, "vectors": np.empty((1, 6), dtype=np.float32)}
        assert kernel.encode(text, **good) is None
        for change in (
            {"starts": number + 1},
            {"starts": -number},
            {"starts": np.array([2**63 - 1])},
            {"lengths": number + 1},
            {"lengths": -number},
            {"starts": number.astype(np.int32)},
            {"lengths": np.array([1, 2], dtype=np.int64)},
            {"vectors": np.empty((2, 6), dtype=np.float32)},
            {"vectors": np.empty((1, 12), dtype=np.float32)[:, ::2]},
            {"vectors": np.empty((1, 6))},
            {"vectors": np.frombuffer(bytes(24), dtype=np.float32).reshape(1, 6)},
            {"vectors": np.frombuffer(bytearray(25), dtype=np.float32, offset=1).reshape(1, 6)},
        ):
            with pytest.raises(ValueError, match="expected"):
                kernel.encode(text, **good | change)
        with pytest.raises(ValueError, match="expected"):
            kernel.encode(np.frombuffer(bytes(99), dtype=np.uint8), **good | {"lengths": number + 22})
        with pytest.raises(ValueError, match="a word of 25 bytes, expected at most 24"):
            kernel.encode_word(b"x" * 25)
    with pytest.raises(ValueError, match="without layers"):
        make_kernel(make_encoder("ngram").config, weights=model.weights)


def test_one_word_is_a_word(make_encoder):
    words = KernelEncoder(stored(make_encoder("averaged"), compact=True, where="here"))
    for word in WORDS:
        np.testing.assert_array_equal(words.encode_word(word), words.encode([word])[0])
    for wrong in (b"sol", None, ["sol"], 3):
        with pytest.raises(TypeError, match="expected every word to be str"):
            words.encode_word(wrong)
    with pytest.raises(ValueError, match=r"'\\ud800'.* holds a lone surrogate"):
        words.encode_word("\ud800")


def test_a_processor_is_never_given_instructions_that_it_has_not():
    assert instruction_sets()[0] == "anywhere"
    if sys.platform == "linux" and platform.machine() == "x86_64":
        flags = Path("/proc/cpuinfo").read_text().partition("flags")[2].partition("\n")[0].split()
        known = [name for name, flag in (("avx2", "avx2"), ("avx512", "avx512f")) if flag in flags]
        assert set(instruction_sets()[1:]) <= set(known)


CHOSEN = "from beast_core.kernel import path_in_use; print(path_in_use()[0].name)"


def test_the_environment_chooses_the_path(run_python, monkeypatch):
    assert (
        path_in_use() == (PlainKernel, "BEAST_KERNEL asks for it")
        if os.environ.get("BEAST_KERNEL")
        else (CompiledKernel, "")
    )
    monkeypatch.setenv("BEAST_KERNEL", "numpy")
    assert run_python(CHOSEN).strip() == "numpy"
    monkeypatch.setenv("BEAST_KERNEL", "fortran")
    with pytest.raises(ValueError, match="BEAST_KERNEL is 'fortran'"):
        path_in_use()


def test_without_a_compiler_there_is_an_error_that_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    with pytest.raises(CompilationError, match="no C compiler: none of no-such-compiler is there"):
        compile_library(tmp_path / "encode.so")
    monkeypatch.setenv("CC", "false")
    with pytest.raises(CompilationError, match="the C compiler failed: false"):
        compile_library(tmp_path / "encode.so")
    assert list(tmp_path.iterdir()) == []


WITHOUT_TORCH = """
import sys
import numpy as np
import beast_core
from beast_core import CachedEncoder, load_encoder, read_model, write_model
words = load_encoder(sys.argv[1])
vectors = CachedEncoder(words).encode(sys.argv[3:])
write_model(words.model, sys.argv[2] + "/again")
np.save(sys.argv[2] + "/vectors.npy", vectors)
assert "torch" not in sys.modules, "torch was imported"
"""


@pytest.mark.parametrize("folder", ["ours", "stock"])
def test_a_model_is_read_used_and_written_without_torch(make_encoder, tmp_path, run_python, files, folder):
    st_beast = pytest.importorskip("st_beast") if folder == "stock" else None
    model = write_encoder(make_encoder("averaged"), tmp_path / "model")
    path = st_beast.save(tmp_path / "stock", model=model) if st_beast else model
    words = [word for word in WORDS if word and "\0" not in word]
    run_python(WITHOUT_TORCH, path, tmp_path, *words)
    np.testing.assert_array_equal(np.load(tmp_path / "vectors.npy"), load_encoder(model).encode(words))
    assert files(tmp_path / "again") == files(model)


MISSING_TORCH = """
import sys
sys.modules["torch"] = None  # an import of it fails
import beast_core
load = beast_core.load_encoder
for ask in (lambda: load(sys.argv[1]), lambda: beast_core.read_encoder, lambda: load(device="cuda")):
    try:
        ask()
    except ImportError as error:
        print(error)
"""


def test_what_needs_torch_says_which_extra_to_install(make_encoder, tmp_path, run_python):
    told = run_python(MISSING_TORCH, write_encoder(make_encoder("ngram"), tmp_path / "model")).splitlines()
    assert len(told) == 3 and all("pip install 'beast-vectors[torch]'" in line for line in told)
