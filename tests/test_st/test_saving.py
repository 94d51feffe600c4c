"""What a saved folder says, and what is left of a save that was interrupted."""

import json
import re

import numpy as np
import pytest
from huggingface_hub import ModelCard, utils
from sentence_transformers import SentenceTransformer
from transformers.utils import logging

import st_beast
from beast_core import ModelFolderError
from beast_core.credits import read_credits

WORDS = ["perro", "gato", ""]


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
        assert text.count("[CC BY-SA 4.0](https://creativecommons.org/licenses/by-sa/4.0/)") == 1
        assert all(text.count(f"- {source}\n") == 1 for source in read_credits().sources)
    assert (tmp_path / "again" / "README.md").read_bytes() == (tmp_path / "shipped" / "README.md").read_bytes()


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


def test_a_killed_save_leaves_a_folder_that_loads_or_says_that_it_is_not_whole(small, tmp_path, fresh_python):
    """Killed at every file that it puts in its place."""
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved" / "notes.txt").write_text("mine")
    model = st_beast.load(small)
    model.save(tmp_path / "saved")
    expected = model.encode(WORDS)
    outcomes = set()
    for last in range(40):
        done = fresh_python("-c", KILLED, small, tmp_path / "saved", last, folder=tmp_path)
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
        try:
            found = st_beast.load(tmp_path / "saved").encode(WORDS)
        except ModelFolderError as error:
            assert "config.json is missing" in str(error)
            with pytest.raises((OSError, ValueError), match=r"config\.json"):
                SentenceTransformer(str(tmp_path / "saved"))
            outcomes.add("not whole")
        else:
            assert np.array_equal(found, expected) or np.array_equal(found, -expected)
            outcomes.add("whole")
    assert (done.returncode, outcomes) == (0, {"whole", "not whole"})
    assert np.abs(st_beast.load(tmp_path / "saved").encode(WORDS) + expected).max() < 1e-6
    assert not [file.name for file in (tmp_path / "saved").iterdir() if "saving" in file.name]
    (tmp_path / "saved" / "notes.txt").unlink()
    st_beast.save(tmp_path / "saved", model=small)
    assert np.array_equal(st_beast.load(tmp_path / "saved").encode(WORDS), expected)


KILLED = """
import os, signal, sys
from pathlib import Path
import torch
import st_beast

small, folder, left = sys.argv[1], sys.argv[2], int(sys.argv[3])
model = st_beast.load(small)
with torch.no_grad():  # the opposite vectors
    model[0].encoder.projection.weight.neg_()
    model[0].encoder.projection.bias.neg_()

def count(event, details):
    global left
    if event == "os.rename" and str(Path(details[1]).resolve()).startswith(str(Path(folder).resolve()) + os.sep):
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1

sys.addaudithook(count)
model.save(folder)
"""


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
