"""The licence and the credits of a model, for whatever it is saved with."""

import re
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from beast_core.model_files import CARD_FILE

_CARD_HEAD_BYTES = 65_536  # what stands before the text of a model card is far shorter


@dataclass(frozen=True, kw_only=True)
class Credits:
    """What a model's card says of it; empty where it says nothing.

    `licence` is an identifier as model hubs have it ("cc-by-sa-4.0"), `languages` are ISO 639 codes, `sources` are the
    works that the weights were made of, each with its licence. `teacher` says in a few words whose vectors they learnt
    from, `base_models` are its names on a hub.
    """

    licence: str = ""
    languages: tuple[str, ...] = ()
    author: str = ""
    sources: tuple[str, ...] = ()
    teacher: str = ""
    base_models: tuple[str, ...] = ()


def creative_commons(licence: str) -> tuple[str, str] | None:
    """The name and the address of a Creative Commons licence, of its identifier on model hubs; None for others.

    >>> creative_commons("cc-by-sa-4.0")
    ('CC BY-SA 4.0', 'https://creativecommons.org/licenses/by-sa/4.0/')
    """
    if not (found := re.fullmatch(r"cc-([a-z-]+)-(\d\.\d)", licence)):
        return None
    kind, version = found.groups()
    return f"CC {kind.upper()} {version}", f"https://creativecommons.org/licenses/{kind}/{version}/"


def read_credits(folder: Path) -> Credits:
    """The credits of a model folder; empty ones if its README.md says nothing.

    Read are `license`, `language`, `author`, `credits`, `teacher` and `base_model` of the README's metadata, which
    stands between two lines of `---` at its top as model hubs have it:
    https://huggingface.co/docs/hub/model-cards#model-card-metadata.

    >>> from beast_core.shipped import model_folder
    >>> read_credits(model_folder()).licence, read_credits(model_folder()).languages
    ('cc-by-sa-4.0', ('es',))
    """
    try:
        with (folder / CARD_FILE).open("rb") as file:
            lines = file.read(_CARD_HEAD_BYTES).decode("utf-8", errors="replace").splitlines()
    except OSError:
        return Credits()
    if not lines or lines[0].strip() != "---":
        return Credits()
    metadata = list(takewhile(lambda line: line.strip() != "---", lines[1:]))
    return Credits(
        licence=next(iter(_values(metadata, "license")), ""),
        languages=tuple(_values(metadata, "language")),
        author=next(iter(_values(metadata, "author")), ""),
        sources=tuple(_values(metadata, "credits")),
        teacher=", ".join(_values(metadata, "teacher")),
        base_models=tuple(_values(metadata, "base_model")),
    )


def _values(metadata: list[str], key: str) -> list[str]:
    """The entries of a key: `key: a`, `key: [a, b]`, or one `- a` a line that may go on, indented, on further lines;
    all that model cards have for these keys."""
    for number, line in enumerate(metadata):
        if match := re.fullmatch(rf"{key}\s*:(.*)", line):
            inline = match[1].split("#")[0].strip().strip("[]")
            listed = takewhile(lambda entry: re.match(r"-\s|\s", entry), metadata[number + 1 :])
            found = inline.split(",") if inline else re.split(r"\n\s*-\s", "\n" + "\n".join(listed))
            return [value for entry in found if (value := _unquoted(" ".join(entry.split())))]
    return []


def _unquoted(text: str) -> str:
    """A text as YAML means it.

    >>> _unquoted("'it''s'"), _unquoted('"es"'), _unquoted("es")
    ("it's", 'es', 'es')
    """
    return text[1:-1].replace("''", "'") if re.fullmatch("'.*'|\".*\"", text) else text
