"""The models of several languages, which share a space."""

from collections.abc import Mapping, Sequence

from training.common.agreement import check_agreement
from training.common.errors import InputError
from training.languages import read_language
from training.vectors import PlacedVectors
from training.vectors.find import ModelSource, find_model

# A model for each language, by its code; one model may serve several.
LanguageModels = Mapping[str, PlacedVectors]


def find_models(given: Sequence[str]) -> dict[str, ModelSource]:
    """The models of `LANGUAGE=MODEL`, by language, not loaded yet.

    Raises `InputError` for anything else, for a language that has no record or two models, and for fewer than two.
    """
    found: dict[str, ModelSource] = {}
    for each in given:
        language, separator, model = each.partition("=")
        if not (language and separator and model):
            raise InputError(
                f"{each!r} is no model of a language, expected LANGUAGE=MODEL, such as en=runs/en/long/model"
            )
        read_language(language)
        if language in found:
            raise InputError(f"two models of {language!r}: {found[language].given} and {model}; give one")
        found[language] = find_model(model)
    if len(found) < 2:
        raise InputError(f"{', '.join(found)} is one language, expected two or more; give each its LANGUAGE=MODEL")
    return found


def load_models(sources: Mapping[str, ModelSource]) -> LanguageModels:
    """Loads each model once. Raises `InputError` for a model of another language than it is given for, and for vectors
    that cannot be compared: of two spaces, or two widths."""
    loaded = {given: find_model(given).load() for given in dict.fromkeys(each.given for each in sources.values())}
    models = {language: loaded[source.given] for language, source in sources.items()}
    for language, model in models.items():
        given = sources[language].given
        said = {f"the model {given}": model.language, f"{language}={given}": language}
        check_agreement("language", said=said, advice="give each language a model of it")
    if len({model.width for model in models.values()}) > 1:
        widths = ", ".join(f"{language} {model.width}" for language, model in models.items())
        raise InputError(f"vectors of different widths cannot be compared: {widths}; give models of one space")
    spaces = {sources[language].given: model.space for language, model in models.items()}
    check_agreement("space", said=spaces, advice="their vectors cannot be compared; give models of one teacher's space")
    return models
