import time
import unicodedata

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from beast_core import EncoderConfig, check_words, encode_words
from beast_core.spelling import normalise_word

BEAST = EncoderConfig.preset("beast")
TRICKY = ["\n", "\0", "\r\n", "Σ", "ΑΣ ", "İ", "I", "ẞ", "é", "e\u0301", "\u0301", "\u0323\u0307", "Ά", "가", "👩‍👧"]
words = st.lists(st.sampled_from(TRICKY) | st.text(max_size=4), max_size=12).map("".join)


def plain(word: str, *, config: EncoderConfig) -> bytes:
    """The rules of `beast_core.encoding`, word by word and, by the first spelling rule, letter by letter."""
    if config.spelling == 1:
        if config.lowercase:
            word = "".join("σ" if letter == "Σ" else letter.lower() for letter in word)
        encoded = unicodedata.normalize("NFC", word).encode("utf-8")
    else:
        encoded = normalise_word(word, lowercase=config.lowercase, spelling=config.spelling).encode("utf-8")
    if len(encoded) <= config.window:
        return encoded
    tail = config.window // 3
    return encoded[: config.window - tail] + encoded[len(encoded) - tail :]


@given(st.lists(words, max_size=8), st.booleans(), st.integers(1, 62), st.integers(1, 2))
@example(["", "\n", "a\nb", "ΟΔΟΣ\n"], True, 24, 1)
@example(["Ñu", "A\nb", "ÿ"], True, 24, 2)
def test_bytes_equal_the_plain_reference(words, lowercase, window, spelling):
    config = EncoderConfig.preset("beast", lowercase=lowercase, window=window, spelling=spelling)
    word_bytes, lengths = encode_words(words, config=config)
    expected = [plain(word, config=config) for word in words]
    assert word_bytes.shape == (len(words), window)
    assert word_bytes.dtype == np.uint8
    assert lengths.dtype == np.int64
    assert lengths.tolist() == [len(encoded) for encoded in expected]
    assert [row.tobytes() for row in word_bytes] == [encoded.ljust(window, b"\0") for encoded in expected]


@given(words, st.booleans())
def test_composed_and_decomposed_spellings_are_one_word(word, lowercase):
    config = EncoderConfig.preset("beast", lowercase=lowercase)
    spellings = [unicodedata.normalize(form, word) for form in ("NFC", "NFD")]
    word_bytes, lengths = encode_words([word, *spellings], config=config)
    assert len({(row.tobytes(), length) for row, length in zip(word_bytes, lengths.tolist(), strict=True)}) == 1


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("Ñandú", "ñandú"),
        ("ΟΔΟΣ", "οδοσ"),
        ("οδος", "οδος"),
        ("İzmir", "i\u0307zmir"),
        ("I", "i"),
        ("STRASSE", "strasse"),
        ("straße", "straße"),
        ("\0", "\0"),
        ("", ""),
        (" \u00ad\ufeff", ""),
        ("línea\nnueva", "línea\nnueva"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
    ],
)
def test_spelling_rules(word, expected):
    word_bytes, (length,) = encode_words([word], config=BEAST)
    assert word_bytes[0, :length].tobytes() == expected.encode()
    assert not word_bytes[0, length:].any()


def test_case_is_kept_when_asked_for():
    word_bytes, (length,) = encode_words(["ΣÑa"], config=EncoderConfig.preset("beast", lowercase=False))
    assert word_bytes[0, :length].tobytes() == "ΣÑa".encode()


def test_long_words_keep_head_and_tail():
    word_bytes, lengths = encode_words(["0123456789abcdefXXXXstuvwxyz", "0123456789abcdefghijklmn"], config=BEAST)
    assert [row.tobytes() for row in word_bytes] == [b"0123456789abcdefstuvwxyz", b"0123456789abcdefghijklmn"]
    assert lengths.tolist() == [24, 24]


def test_a_megabyte_in_one_word():
    start = time.perf_counter()
    word_bytes, lengths = encode_words(["ñ" * 500_000, "sol"], config=BEAST)
    assert time.perf_counter() - start < 1
    assert (word_bytes[0].tobytes(), lengths.tolist()) == ("ñ".encode() * 12, [24, 3])


def test_lone_surrogates_are_refused_by_name():
    with pytest.raises(ValueError, match=r"the word at index 1, 'mal\\ud83d', holds a lone surrogate.*UTF-8"):
        encode_words(["bien", "mal\ud83d"], config=BEAST)
    with pytest.raises(ValueError, match="index 2"):
        encode_words(["a\nb", "bien", "\udcff"], config=BEAST)


@pytest.mark.parametrize(
    "given_words",
    [
        ["sol", "", "mar"],
        ("sol", "", "mar"),
        (word for word in ["sol", "", "mar"]),
        np.array(["sol", "", "mar"]),
        np.array(["sol", "", "mar"], dtype=object),
        dict.fromkeys(["sol", "", "mar"]).keys(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_ordered_collections_become_a_list(given_words):
    assert check_words(given_words) == ["sol", "", "mar"]


@pytest.mark.parametrize(
    ("given_words", "found"),
    [
        ("sol", "found str 'sol'"),
        (b"sol", "found bytes b'sol'"),
        (None, "found NoneType None"),
        (7, "found int 7"),
        ({"sol"}, "found set {'sol'}"),
        (frozenset(["sol"]), "found frozenset"),
        ({"sol": 1}, "found dict {'sol': 1}"),
        (np.array("sol"), "'sol'"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_anything_else_is_refused_with_the_way_out(given_words, found):
    with pytest.raises(TypeError, match="expected a list of words") as caught:
        check_words(given_words)
    assert found in str(caught.value)
    assert "['word', ...]" in str(caught.value)


@pytest.mark.parametrize(
    ("given_words", "found"),
    [
        (["sol", None, "mar"], "NoneType at index 1: None"),
        (["sol", "mar", b"luz"], "bytes at index 2: b'luz'"),
        (np.array([1.5, 2.5]), "float at index 0: 1.5"),
        ([["sol"], ["mar"]], "list at index 0: ['sol']"),
        (np.array([["sol"]]), "list at index 0: ['sol']"),
    ],
)
def test_a_word_that_is_no_string_is_named(given_words, found):
    with pytest.raises(TypeError, match="expected every word to be str") as caught:
        check_words(given_words)
    assert found in str(caught.value)
