import io
import json
import re
import tarfile
from itertools import islice

import pytest

from training.lexicon.sources import (
    Counts,
    Sources,
    count_words,
    find_dictionary,
    read_frequencies,
    read_lookups,
    read_sources,
    read_word_array,
)
from training.resources.downloads import SourceError
from training.resources.hunspell import Affixes


def archive(path, *, name, content):
    with tarfile.open(path, "w:gz") as files:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        files.addfile(member, io.BytesIO(content))
    return path


def test_the_words_of_an_npm_package_are_read(tmp_path):
    words = json.dumps(["ñandu", "sol"]).encode()
    read = read_word_array(archive(tmp_path / "words.tgz", name="package/index.json", content=words))
    assert read == {"ñandu", "sol"}


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
        read_word_array(archive(tmp_path / "words.tgz", name=name, content=content))


def test_without_the_debian_package_the_command_that_installs_it_is_told(tmp_path):
    with pytest.raises(
        FileNotFoundError, match=r"es_ES\.aff and .*es_ES\.dic not found; run `apt-get install hunspell-es`"
    ):
        read_sources(debian_root=tmp_path, downloads=tmp_path)
    folder = tmp_path / "usr/share/hunspell"
    folder.mkdir(parents=True)
    (folder / "es_ES.aff").touch()
    with pytest.raises(FileNotFoundError, match=r"dictionary: \S*es_ES\.dic not found"):
        find_dictionary(tmp_path)
    (folder / "es_ES.dic").touch()
    assert find_dictionary(tmp_path) == (folder / "es_ES.aff", folder / "es_ES.dic")


def sources(*, frequencies, counts):
    return Sources(
        entries=[],
        affixes=Affixes(),
        lemmas={},
        listed=frozenset(),
        with_senses=frozenset(),
        frequencies=frequencies,
        english={},
        counts={word: Counts(frequency, 0.0, 0.0) for word, frequency in counts.items()},
        versions={},
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


def test_the_installed_packages_are_what_the_lexicon_is_made_for():
    frequencies, lemmas = read_frequencies("es"), read_lookups("lemma_lookup")
    assert 7 < frequencies["de"] < 8 and len(frequencies) > 300_000
    assert {lemmas[form] for form in ("cantaban", "cantó", "cantásemos")} == {"cantar"} and len(lemmas) > 490_000
    counts = count_words(dict(islice(read_lookups("lexeme_prob").items(), 200_000)))
    assert counts["madrid"].capitalised > 0.8 > 0.2 > counts["perro"].capitalised
    assert counts["otan"].capitals > 0.9
    both = [word for word in frequencies if word in counts]
    assert len(both) > 70_000
    assert abs(sum(frequencies[word] - counts[word].frequency for word in both) / len(both)) < 0.1
