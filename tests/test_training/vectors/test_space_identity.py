from pathlib import Path

import pytest

from training.vectors.lexical import knowledge
from training.vectors.lexical.knowledge import SOURCES, Knowledge, find_packages


def test_files_are_told_in_the_order_that_shipped_models_have_their_space_from(monkeypatch, tmp_path):
    """Told in another order, equal files would make another space, which no model of ours could be compared with."""
    told = []
    monkeypatch.setattr(knowledge, "find_files", lambda root: (Path("wordnet"),))
    monkeypatch.setattr(knowledge, "find_dumps", lambda codes: (Path("dump"),))
    dictionaries = {("deu", "spa"): (Path("index"), Path("text"))}
    monkeypatch.setattr(knowledge, "find_dictionaries", lambda root, *, languages: dictionaries)
    monkeypatch.setattr(knowledge, "find_frequencies", lambda code: Path(f"frequencies of {code}"))
    monkeypatch.setattr(knowledge, "find_tables", lambda code: {})
    monkeypatch.setattr(knowledge.moby, "download_moby", lambda folder: Path("moby"))
    monkeypatch.setattr(knowledge, "_told", lambda files, *more: told.append([*files]) or "")
    sources = [name for name in SOURCES if name != "english"]
    Knowledge(sources, leading_frequency=2.0, debian_root=tmp_path, downloads=tmp_path, folder=tmp_path)
    names = [str(file) for file in told[-1]]
    assert names[:2] == ["wordnet", "dump"] and names[-2:] == ["index", "text"]
    assert names[2:-2] == [
        f"frequencies of {code}" for code in ("de", "en", "es", "fi", "fr", "it", "nl", "pl", "pt", "ru", "sv")
    ]


def test_all_packages_that_are_missing_are_named_at_once(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"wordnet-base.*dict-freedict-deu-ell.* dict-freedict-swe-spa"):
        find_packages(debian_root=tmp_path)
    with pytest.raises(FileNotFoundError, match=r"wordnet-base") as error:
        find_packages([], debian_root=tmp_path)
    assert "freedict" not in str(error.value)
