"""Whose work a model is made of, as far as its table says."""

from huggingface_hub import ModelCard

from beast_core import shipped_languages
from beast_core.credits import Credits, read_credits
from beast_core.shipped import model_folder
from training.credits import card_metadata, known_credits


def test_a_table_of_our_own_teacher_gives_what_the_shipped_cards_say():
    for language in shipped_languages():
        credits = known_credits(space="lexical-0", language=language)
        assert credits == read_credits(model_folder(language=language))
        written = f"---\n{card_metadata(credits)}\n---\n"
        assert (model_folder(language=language) / "README.md").read_text(encoding="utf-8").startswith(written)


def test_of_another_table_the_language_alone_is_known(tmp_path):
    credits = known_credits(space="", language="gl")
    assert credits == Credits(languages=("gl",))
    (tmp_path / "README.md").write_text(f"---\n{card_metadata(credits)}\n---\n", encoding="utf-8")
    assert read_credits(tmp_path) == credits
    data = ModelCard.load(tmp_path / "README.md").data
    assert (data.license, data.language, data.base_model) == (None, ["gl"], None)
