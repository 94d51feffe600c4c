"""The pipeline component `beast_vectors`: gives a pipeline its vectors and has those of a document computed at once.

spaCy imports this module in every process that makes a pipeline, with or without BEAST: it must not fail.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from beast_core import DEFAULT_CACHE_SIZE, ModelFolderError
from spacy_beast.languages import language_of
from spacy_beast.pipeline_files import give_credit
from spacy_beast.vectors import BeastVectors


@Language.factory(
    "beast_vectors",
    assigns=["token.vector", "doc.vector"],
    default_config={"model": None, "language": None, "attr": "ORTH", "cache_size": DEFAULT_CACHE_SIZE},
)
def make_beast_vectors(
    nlp: Language, *, name: str, model: str | None, language: str | None, attr: str, cache_size: int
) -> "BeastPrefetch":
    """Puts `BeastVectors` on `nlp.vocab.vectors` and makes the component that has them computed together.

    With neither a `model` nor a `language`, it takes the model of the pipeline's language. It may stand anywhere in the
    pipeline, before the components that read vectors at best. A second one with the same settings is harmless.

    Raises `ValueError` if the pipeline has other vectors already, or for a bad setting; `FileNotFoundError` if there is
    no such model, or `beast_core.ModelFolderError` if `model` is not a model folder.
    """
    if model is None and language is None:
        language = language_of(str(nlp.lang))
    strings = nlp.vocab.strings
    wanted = BeastVectors(strings=strings, model=model, language=language, attr=attr, cache_size=cache_size)
    present = nlp.vocab.vectors
    if isinstance(present, BeastVectors):
        # Also so when a saved pipeline is loaded: [nlp.vectors] made them, and their weights are still to come.
        _check_same_settings(present, wanted=wanted, name=name)
        wanted = present
    elif present.size:
        raise ValueError(
            f"cannot add {name!r}: the pipeline already has a table of {len(present)} word vectors ({present.name}), "
            "and its components may have been trained with them; add it to a pipeline without vectors, or drop the "
            "table first: nlp.vocab.reset_vectors(shape=(0, 0))"
        )
    else:
        _ = wanted.encoder  # complains now, where the settings are in sight
        nlp.vocab.vectors = wanted
    _configure(nlp, wanted)
    return BeastPrefetch(name)


def _check_same_settings(present: BeastVectors, *, wanted: BeastVectors, name: str) -> None:
    differences = [
        f"{key} is {value!r} here and {present.settings[key]!r} there"
        for key, value in wanted.settings.items()
        if value != present.settings[key]
    ]
    if differences:
        settings = [f"{key}={value!r}" for key, value in wanted.settings.items() if key != "@vectors"]
        raise ValueError(
            f"cannot add {name!r}: the pipeline already has BEAST vectors with other settings, from another pipe or "
            f"from [nlp.vectors] in its config: {'; '.join(differences)}. Give both the same settings; or first change "
            "the vectors: from spacy_beast import BeastVectors, then nlp.vocab.vectors = "
            f"BeastVectors(strings=nlp.vocab.strings, {', '.join(settings)})"
        )


def _configure(nlp: Language, vectors: BeastVectors) -> None:
    """Says which vectors the pipeline has, so that it is loaded without this component too, and whose work they are."""
    nlp.config["nlp"]["vectors"] = vectors.settings
    give_credit(nlp.meta, credits=vectors.credits)


class BeastPrefetch:
    """The component behind `beast_vectors`: changes no document, only says which words it has.

    Once the vector of one of them is asked for, those of all new ones are computed together. Without it the vectors are
    the same, but computed word by word.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, doc: Doc) -> Doc:
        """Has the vectors of a document's new words computed together."""
        self._vectors(doc).expect(doc)
        return doc

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """The same of each document; none waits for another, whatever the `batch_size`."""
        return map(self, stream)

    def initialize(self, get_examples: Callable[[], Iterable[Example]], *, nlp: Language) -> None:
        """Called before training: spaCy replaces a pipeline's configuration after it has made the components."""
        _configure(nlp, self._vectors(nlp))

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "BeastPrefetch":
        """Reads nothing: refuses a pipeline whose vectors are missing, as spaCy reads one without a vocab in silence.

        Raises `beast_core.ModelFolderError`.
        """
        vocab = Path(path).parent / "vocab"
        if not vocab.exists():
            raise ModelFolderError(
                f"the pipeline's word vectors are missing: there is no {vocab}, as when saving was interrupted or "
                f'without the vocab; save the pipeline again, or load it with exclude=["{self.name}"]'
            )
        return self

    def _vectors(self, owner: Doc | Language) -> BeastVectors:
        vectors = owner.vocab.vectors
        if not isinstance(vectors, BeastVectors):
            raise ValueError(
                f"the pipe {self.name!r} found vectors of type {type(vectors).__name__} on the vocab of what it was "
                "given, expected BeastVectors. A document must be of the pipeline's own vocab: nlp.make_doc(text), or "
                "Doc(nlp.vocab, words=words). A pipe that was copied with source=... has left its vectors behind: use "
                'nlp.add_pipe("beast_vectors") without source; it accepts the path of a saved pipeline followed by '
                "/vocab/beast as its model"
            )
        return vectors
