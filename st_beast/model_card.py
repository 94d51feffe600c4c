"""The model card of a folder of sentence-transformers: whose the weights are, and what it already said."""

import re
from pathlib import Path

from sentence_transformers import SentenceTransformerModelCardData

from beast_core.credits import Credits, creative_commons, read_credits
from beast_core.files import write_file
from beast_core.model_files import CARD_FILE, MODULES_FILE

_HEADING = "## Licence and credits"


def card_data(path: Path) -> SentenceTransformerModelCardData:
    """What a new card of the model in a folder will say."""
    credits = read_credits(path)
    data = SentenceTransformerModelCardData(
        language=list(credits.languages),
        license=credits.licence or None,
        model_name="BEAST word vectors",
        task_name="the similarity and search of single words",
        local_files_only=True,
    )
    data.add_tags("word-embeddings")
    data.usage_examples = ["perro", "perros", "mesa"]
    return data


def read_card(path: Path) -> str | None:
    """The card that a folder of sentence-transformers has, as text."""
    if not (path / MODULES_FILE).is_file() or not (path / CARD_FILE).is_file():
        return None
    return (path / CARD_FILE).read_text(encoding="utf-8", errors="replace")


def read_credits_section(path: Path) -> str:
    """What a card of the model in a folder has to say of whose the weights are, whatever they are trained to later.

    Empty if nothing is known.
    """
    if card := read_card(path):
        found = re.search(rf"^{_HEADING}$.*?(?=^## |\Z)", card, flags=re.DOTALL | re.MULTILINE)
        return found[0].strip() if found else ""
    credits = read_credits(path)
    return _section(credits) if credits.sources else ""


def add_section(folder: Path, *, section: str) -> None:
    """Ends the card in a folder with the section, if there is a card and it is without."""
    file = folder / CARD_FILE
    if section and file.is_file() and section not in (card := file.read_text(encoding="utf-8")):
        write_file(file, f"{card.rstrip()}\n\n{section}\n")


def _section(credits: Credits) -> str:
    licence = f"`{credits.licence}`"
    if named := creative_commons(credits.licence):
        licence = "[{}]({})".format(*named)
    author = f" by {credits.author}" if credits.author else ""
    under = f", under {licence}," if credits.licence else ""
    sources = "\n".join(f"- {source}" for source in credits.sources)
    return (
        f"{_HEADING}\n\nThe weights are those of a model{author}{under} that was made of the works below, or were "
        f"trained from them:\n\n{sources}"
    )
