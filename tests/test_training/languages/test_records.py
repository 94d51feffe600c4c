from beast_core import shipped_languages
from beast_core.shipped import TRAINABLE_LANGUAGES
from training.languages import known_languages


def test_a_language_with_a_record_is_shipped_or_said_to_be_trainable():
    assert sorted({*shipped_languages(), *TRAINABLE_LANGUAGES}) == sorted(known_languages())
