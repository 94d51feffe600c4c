import hashlib
import io
import json
import re
import tarfile
from dataclasses import replace

import pytest

from training.languages import read_language
from training.languages.record import WordArraySource
from training.lexicon.sources import Sources, find_hunspell, read_sources, read_word_array
from training.resources.downloads import SourceError
from training.resources.frequencies import Counts


def put_archive(folder, *, name, content):
    path = folder / "words-1.0.tgz"
    with tarfile.open(path, "w:gz") as files:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        files.addfile(member, io.BytesIO(content))
    digest = hashlib.sha512(path.read_bytes()).hexdigest()
    return WordArraySource(package="words", version="1.0", sha512=digest, licence="MIT")


def test_the_words_of_an_npm_package_are_read(tmp_path):
    words = json.dumps(["ñandu", "sol"]).encode()
    source = put_archive(tmp_path, name="package/index.json", content=words)
    assert read_word_array(source, downloads=tmp_path) == {"ñandu", "sol"}
    with pytest.raises(SourceError, match="is damaged or another version"):
        read_word_array(replace(source, sha512="0" * 128), downloads=tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("package/index.js", b"[]", "is not an npm package with an index.json"),
        ("package/index.json", b"[oops", "is not an npm package with an index.json"),
        ("package/index.json", b'{"sol": 1}', "index.json holds dict, expected an array of words"),
    ],
)
def test_another_package_is_refused(tmp_path, name, content, message):
    with pytest.raises(SourceError, match=re.escape(message)):
        read_word_array(put_archive(tmp_path, name=name, content=content), downloads=tmp_path)


def test_without_the_debian_package_the_command_that_installs_it_is_told(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"es_ES\.aff and .*es_ES\.dic not found; run `apt-get install hunspell-es`"
    ):
        read_sources("es", debian_root=tmp_path, downloads=tmp_path)
    dictionary = read_language("es").lexicon.hunspell
    folder = tmp_path / "usr/share/hunspell"
    folder.mkdir(parents=True)
    (folder / "es_ES.aff").touch()
    with pytest.raises(FileNotFoundError, match=r"dictionary: \S*es_ES\.dic not found"):
        find_hunspell(dictionary, root=tmp_path)
    (folder / "es_ES.dic").touch()
    assert find_hunspell(dictionary, root=tmp_path) == (folder / "es_ES.aff", folder / "es_ES.dic")


def sources(*, frequencies, counts=(), language="es"):
    return Sources(
        language=read_language(language),
        frequencies=frequencies,
        counts={word: Counts(frequency, 0.0, 0.0, word) for word, frequency in dict(counts).items()},
    )


def test_counts_are_brought_to_the_scale_of_the_frequencies():
    some = sources(
        frequencies={"a": 5.0, "b": 4.0, "c": 3.0}, counts={"a": 4.5, "b": 3.7, "c": 2.0, "d": 2.0, "e": 0.1}
    )
    assert some.offset == pytest.approx(0.5)
    assert [some.frequency(word) for word in "abde"] == pytest.approx([5.0, 4.0, 2.5, 0.6])
    assert some.frequency("never") == 0
    assert sources(frequencies={"a": 5.0}, counts={"d": 2.0}).frequency("d") == 2.0
    low = sources(frequencies={"a": 2.0}, counts={"a": 4.0, "d": 1.0})
    assert 0 < low.frequency("d") < 0.1  # counted, however rarely


def test_counts_of_a_tenth_of_a_words_uses_do_not_say_how_it_is_written():
    some = replace(
        sources(frequencies={"don't": 6.0, "rome": 4.5}),
        counts={"don't": Counts(2.0, 0.0, 1.0, "DON'T"), "rome": Counts(4.5, 0.9, 0.0, "Rome")},
    )
    assert [some.written(word) for word in ("don't", "rome", "never")] == [None, "Rome", None]


@pytest.mark.parametrize(
    ("language", "letters", "joined", "neither"),
    [
        ("es", ["pingüino", "ñu"], ["físico-químico"], ["façade", "4x4", "", "ex-", "a--b", "os."]),
        ("de", ["straße", "übel"], ["e-mail", "geht's"], ["'ne", "ł", "km²", "zwei drei"]),
        ("ru", ["ёж"], ["кто-то"], ["pop", "ёж2", "и'"]),
    ],
)
def test_words_are_made_of_the_letters_of_their_language(language, letters, joined, neither):
    some = sources(frequencies={}, language=language)
    assert [some.language.has_letters(word) for word in (*letters, *joined, *neither)] == [
        *[True] * len(letters),
        *[False] * (len(joined) + len(neither)),
    ]
    assert [some.language.is_word(word) for word in (*letters, *joined, *neither)] == [
        *[True] * (len(letters) + len(joined)),
        *[False] * len(neither),
    ]
