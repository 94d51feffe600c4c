import io
import tarfile
import zipfile

import pytest
import spacy

from training.common.errors import InputError
from training.downstream.readers import read_sentences

TREES = """
(
  (S
    (sn-SUJ
      (np0000p Ana_María Ana_María))
    (grup.verb
      (vmip3s0 vive vivir))
    (sn.e-SUJ *0* *0*)
    (sp
      (sps00 en en)
      (np0000l Quito Quito))
    (Fpa -Fpa- -Fpa-)
    (np0000o ONU ONU)
    (Fpt -Fpt- -Fpt-)
    (Fp . .)))
(
  (S
    (np00000 Desconocido Desconocido)
    (vmip3s0 vive vivir)))
"""


def test_names_of_a_tree_are_spans_of_its_words(tmp_path):
    with zipfile.ZipFile(tmp_path / "cess.zip", "w") as archive:
        archive.writestr("cess/1.tbf", TREES.encode("latin-1"))
    [doc] = read_sentences(tmp_path / "cess.zip", reader="cess", annotator=None, limit=9)
    assert [token.text for token in doc] == ["Ana", "María", "vive", "en", "Quito", "(", "ONU", ")", "."]
    assert [(each.text, each.label_) for each in doc.ents] == [("Ana María", "PER"), ("Quito", "LOC"), ("ONU", "ORG")]


def test_words_with_tags_are_read_out_of_an_archive(tmp_path):
    lines = b"Sie/PPER sagen/VVFIN ja/PTKANT &slash;/( nein/PTKANT ./.\nkurz/ADJD ./.\n"
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as archive:
        entry = tarfile.TarInfo("in/tagged.txt")
        entry.size = len(lines)
        archive.addfile(entry, io.BytesIO(lines))
    [doc] = read_sentences(tmp_path / "a.tar.gz#in/tagged.txt", reader="slashed", annotator=None, limit=9)
    assert [(token.text, token.tag_) for token in doc][2:4] == [("ja", "PTKANT"), ("/", "(")]
    with pytest.raises(InputError, match=r"holds no file 'in/other\.txt'"):
        read_sentences(tmp_path / "a.tar.gz#in/other.txt", reader="slashed", annotator=None, limit=9)


def test_a_pipeline_in_a_wheel_annotates_what_was_translated(tmp_path):
    nlp = spacy.blank("es")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("entity_ruler").add_patterns([{"label": "MISC", "pattern": "Debian"}])
    nlp.to_disk(tmp_path / "saved")
    with zipfile.ZipFile(tmp_path / "pipeline.whl", "w") as wheel:
        for file in (tmp_path / "saved").rglob("*"):
            wheel.write(file, f"fr_x/fr_x-1.0/{file.relative_to(tmp_path / 'saved')}")
    (tmp_path / "html").mkdir()
    (tmp_path / "html" / "a.html").write_text(
        '<div class="para">Le projet <em>Debian</em> a &eacute;t&eacute; fondé par un étudiant. Il vit encore de nos '
        'jours !</div><div class="para">The rest of this chapter was never translated, and is left out for it.</div>',
        encoding="utf-8",
    )
    docs = read_sentences(tmp_path / "html", reader="handbook", annotator=tmp_path / "pipeline.whl", limit=9)
    assert [doc.text for doc in docs] == [
        "Le projet Debian a été fondé par un étudiant. ",
        "Il vit encore de nos jours !",
    ]
    assert [each.text for each in docs[0].ents] == ["Debian"]


def test_missing_files_are_named(tmp_path):
    with pytest.raises(InputError, match=r"nothing at .*absent\.conllu; docs/downstream\.md says how to get"):
        read_sentences(tmp_path / "absent.conllu", reader="conllu", annotator=None, limit=9)
