"""What a saved folder says, and what is left of a save that was interrupted."""

import json
import re

import numpy as np
import pytest
import sentence_transformers
from huggingface_hub import ModelCard, utils
from sentence_transformers import SentenceTransformer
from transformers.utils import logging

import st_beast
from beast_core import ModelFolderError
from beast_core.credits import read_credits
from beast_core.shipped import model_folder

WORDS = ["perro", "gato", ""]
CARD_DATA = "SentenceTransformerModelCardData"


def card_of(folder):
    text = (folder / "README.md").read_text(encoding="utf-8")
    return text, ModelCard(text).data


def test_the_shipped_model_keeps_its_licence_and_credits_whatever_becomes_of_it(tmp_path):
    st_beast.save(tmp_path / "shipped")
    again = st_beast.load(tmp_path / "shipped")
    again.save_pretrained(tmp_path / "again")
    again.model_card_data.add_tags("generated_from_trainer")  # what makes the host write a new card
    again.save_pretrained(tmp_path / "tuned")
    for name in ("shipped", "again", "tuned"):
        text, data = card_of(tmp_path / name)
        assert (data.license, data.language) == ("cc-by-sa-4.0", ["es"])
        assert "word-embeddings" in data.tags
        assert (data.author, data.credits) == ("BEAST contributors", list(read_credits(model_folder()).sources))
        assert f"learnt from {data.teacher[0]} and that was made of the works below" in text
        assert text.count("[CC BY-SA 4.0](https://creativecommons.org/licenses/by-sa/4.0/)") == 1
        section = text[text.index("## Licence and credits") :]
        assert all(section.count(f"- {source}\n") == 1 for source in read_credits(model_folder()).sources)
    assert (tmp_path / "again" / "README.md").read_bytes() == (tmp_path / "shipped" / "README.md").read_bytes()


def test_plain_sentence_transformers_keeps_the_card_and_writes_another_as_the_card_says(tmp_path):
    text, _ = card_of(st_beast.save(tmp_path / "beast", language="de"))
    plain = SentenceTransformer(str(tmp_path / "beast"))
    plain.save(str(tmp_path / "again"))
    assert card_of(tmp_path / "again")[0] == text
    expression = re.search("`(SentenceTransformer\\(folder, model_card_data=.*)`", text)[1]
    known = {name: getattr(sentence_transformers, name) for name in ("SentenceTransformer", CARD_DATA)}
    told = eval(expression, known | {"folder": str(tmp_path / "beast")})
    told.model_card_data.add_tags("generated_from_trainer")  # what makes the host write a new card
    told.save(str(tmp_path / "tuned"))
    _, data = card_of(tmp_path / "tuned")
    assert (data.license, data.language) == ("cc-by-sa-4.0", ["de"])


def test_a_language_that_only_the_encoder_names_is_in_the_card(write_small, tmp_path):
    st_beast.save(tmp_path / "stock", model=write_small(tmp_path / "ours", "beast", language="sv"))
    assert card_of(tmp_path / "stock")[1].language == ["sv"]


def test_a_card_says_what_its_user_says(small, tmp_path):
    model = st_beast.load(small)
    model.save(tmp_path / "unknown")
    text, data = card_of(tmp_path / "unknown")
    assert (data.license, data.language) == (None, None)
    assert "credits" not in text
    model.model_card_data.set_license("mit")
    model.model_card_data.set_language("gl")
    model.save(tmp_path / "mine")
    text, data = card_of(tmp_path / "mine")
    assert (data.license, data.language) == ("mit", ["gl"])
    (tmp_path / "mine" / "README.md").write_text(f"{text}\n## Mine\n\nTuned on tweets.\n", encoding="utf-8")
    st_beast.load(tmp_path / "mine").save_pretrained(tmp_path / "copy")
    assert card_of(tmp_path / "copy")[0] == card_of(tmp_path / "mine")[0]
    st_beast.load(tmp_path / "mine").save(tmp_path / "bare", create_model_card=False)
    assert not (tmp_path / "bare" / "README.md").exists()


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ("{", "cannot be read as JSON"),
        ("[" * 100_000, "cannot be read as JSON"),
        ("\udcff", "cannot be read as JSON"),
        ("[]", "holds a list, expected an object"),
        ('{"truncate_dim": 0}', "truncate_dim is 0, expected a whole number above 0, or null"),
        ('{"truncate_dim": true}', "truncate_dim is True"),
        ('{"similarity_fn_name": "maxsim"}', "similarity_fn_name is 'maxsim', expected one of cosine, dot"),
        ('{"similarity_fn_name": []}', r"similarity_fn_name is \[\]"),
        ('{"prompts": ["a"]}', "prompts is"),
        ('{"prompts": {"query": 7}}', "prompts is"),
        ('{"default_prompt_name": {}}', "default_prompt_name is"),
        ('{"default_prompt_name": "words"}', "default_prompt_name is 'words', expected one of"),
    ],
)
def test_a_damaged_host_configuration_is_named(config, expected, small, tmp_path):
    folder = st_beast.save(tmp_path / "stock", model=small)
    file = folder / "config_sentence_transformers.json"
    file.write_bytes(config.encode(errors="surrogateescape"))
    with pytest.raises(ModelFolderError, match=f"^{re.escape(str(file))}:? {expected}"):
        st_beast.load(folder)


KILLED = """
import os, shutil, signal, sys
from pathlib import Path
import numpy as np
import torch
import st_beast
from beast_core import ModelFolderError

torch.set_num_threads(1)  # threads do not survive a fork
small, folder, half = map(Path, sys.argv[1:])
before = folder.with_name("before")
words = ["perro", "gato", ""]
old, new = st_beast.load(small), st_beast.load(small)
with torch.no_grad():  # the opposite vectors
    new[0].encoder.projection.weight.neg_()
    new[0].encoder.projection.bias.neg_()
expected = old.encode(words)

def kill_at(last):
    def count(event, details):
        nonlocal last
        target = str(details[1]) if event == "os.rename" else ""
        if target.startswith(f"{folder}/") and ".saving." not in target:
            if not last:
                os.kill(os.getpid(), signal.SIGKILL)
            last -= 1
    sys.addaudithook(count)

outcomes = []
old.save(folder)
shutil.copytree(folder, before)
for last in range(40):
    shutil.rmtree(folder)
    shutil.copytree(before, folder)
    child = os.fork()
    if not child:
        kill_at(last)
        new.save(folder)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    try:
        found = st_beast.load(folder).encode(words)
    except ModelFolderError as error:
        assert "config.json is missing" in str(error)
        outcomes.append("half")
        half.exists() or shutil.copytree(folder, half)
    else:
        known = {"old": expected, "new": -expected}
        outcomes += [name for name, vectors in known.items() if np.array_equal(found, vectors)] or ["torn"]
    if not status:
        break
print(*outcomes)
"""


def test_a_killed_save_leaves_a_folder_that_loads_or_says_that_it_is_not_whole(small, tmp_path, fresh_python):
    """Killed before each file that it puts in its place, and then not killed."""
    folder, half = tmp_path / "saved", tmp_path / "half"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    done = fresh_python("-c", KILLED, small, folder, half, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    *killed, last = done.stdout.split()
    assert (set(killed) - {"old"}, last) == ({"half"}, "new")
    with pytest.raises((OSError, ValueError), match=r"config\.json"):
        SentenceTransformer(str(half))
    (half / "notes.txt").unlink()
    assert any("saving" in file.name for file in half.iterdir())
    st_beast.save(half, model=small)  # what was left behind is no reason to refuse
    assert not [file.name for file in (*half.iterdir(), *folder.iterdir()) if "saving" in file.name]
    assert np.array_equal(st_beast.load(half).encode(WORDS), st_beast.load(small).encode(WORDS))


def test_saving_shows_no_progress_and_leaves_the_hosts_bars_as_they_were(small, tmp_path, capsys):
    for shown, hub_shown in ((True, True), (True, False), (False, False)):
        (logging.enable_progress_bar if shown else logging.disable_progress_bar)()
        (utils.enable_progress_bars if hub_shown else utils.disable_progress_bars)()
        try:
            st_beast.load(small).save(tmp_path / "saved")
            assert logging.is_progress_bar_enabled() == shown
            assert utils.are_progress_bars_disabled() != hub_shown
        finally:
            logging.enable_progress_bar()
    assert capsys.readouterr().err == ""
    config = json.loads((tmp_path / "saved" / "config_sentence_transformers.json").read_text())
    assert config["model_type"] == "SentenceTransformer"
