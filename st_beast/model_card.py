"""The model card of a folder of sentence-transformers: whose the weights are, what they learnt from, and how plain
`transformers` makes the same vectors."""

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent
from typing import Any

from huggingface_hub import ModelCardData
from sentence_transformers import SentenceTransformerModelCardData

from beast_core import EncoderConfig
from beast_core.credits import Credits, creative_commons, read_credits
from beast_core.files import write_file
from beast_core.model_files import CARD_FILE, MODULES_FILE
from st_beast.families import stock_parts

_CREDITS_HEADING = "## Licence and credits"
_TAGS = ("word-embeddings", "word-vectors", "static-embeddings", "beast-vectors")
# Words that all languages write alike.
_EXAMPLES = ("hotel", "hotels", "piano")
_STEPS = """\
## With transformers alone

No output of `AutoModel` is the vector of a word: neither its last hidden states, nor their mean, nor the first of them.
What comes after them lies in the folders beside. These steps give the vectors of `SentenceTransformer`:

```python
import torch
from safetensors.torch import load_file
from torch.nn import functional
from transformers import AutoModel, AutoTokenizer

folder = "beast"  # where this card lies; for a model on a hub, huggingface_hub.snapshot_download("owner/name")
words = {words}
tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
with torch.inference_mode():
{steps}
print(vectors.shape)
```"""


@dataclass
class BeastCardData(SentenceTransformerModelCardData):
    """What a new card says. Beside what the host knows: whose the weights are, which no training changes, and the model
    on a hub that they were loaded from, with its commit."""

    weights: Credits = field(default_factory=Credits)
    origin: tuple[str, str] | None = None

    @property
    def is_trained(self) -> bool:
        """Whether the host's trainer has trained the model, so that what its card said is no longer all."""
        return "generated_from_trainer" in self.tags

    def to_dict(self) -> dict[str, Any]:
        """What the template of the card is filled with."""
        if self.origin and self.is_trained:
            self.base_model, self.base_model_revision = self.origin
        return dict(super().to_dict())

    def to_yaml(self, line_break: Any = None, original_order: list[str] | None = None) -> str:
        """The metadata of the card: the host's, and what `beast_core.credits` reads."""
        weights = self.weights
        told: dict[str, Any] = {
            "base_model": [] if self.base_model else list(weights.base_models),
            "author": weights.author,
            "teacher": [weights.teacher] if weights.teacher else [],
            "credits": list(weights.sources),
        }
        ours = {key: value for key, value in told.items() if value}
        added = ModelCardData(**ours).to_yaml(line_break=line_break) if ours else ""
        return f"{super().to_yaml(line_break=line_break)}\n{added}".strip()


def card_data(path: Path, *, config: EncoderConfig) -> BeastCardData:
    """What a new card of the model in a folder will say."""
    credits = read_credits(path)
    data = BeastCardData(
        language=list(credits.languages) or ([config.language] if config.language else []),
        license=credits.licence or None,
        model_name="BEAST word vectors",
        task_name="the similarity and search of single words",
        local_files_only=True,
        weights=credits,
    )
    data.add_tags(list(_TAGS))
    data.usage_examples = list(_EXAMPLES)
    return data


def read_card(path: Path) -> str | None:
    """The card that a folder of sentence-transformers has, as text."""
    if not (path / MODULES_FILE).is_file() or not (path / CARD_FILE).is_file():
        return None
    return (path / CARD_FILE).read_text(encoding="utf-8", errors="replace")


def credits_section(path: Path) -> str:
    """What a card of the model in a folder has to say of whose the weights are, whatever they are trained to later.

    As the folder's card has it, if that has it; empty if nothing is known.
    """
    if found := re.search(
        rf"^{_CREDITS_HEADING}$.*?(?=^## |\Z)", read_card(path) or "", flags=re.DOTALL | re.MULTILINE
    ):
        return found[0].strip()
    credits = read_credits(path)
    return _written(credits) if credits.sources or credits.teacher else ""


def steps_section(config: EncoderConfig) -> str:
    """What a card says to those who have `transformers` and not the host. Empty for parts whose steps nobody wrote."""
    steps = stock_parts(config).steps()
    return _STEPS.format(words=json.dumps(_EXAMPLES), steps=indent(steps, "    ")) if steps else ""


def add_section(folder: Path, *, section: str) -> None:
    """Ends the card in a folder with the section, if there is a card and it is without."""
    file = folder / CARD_FILE
    if section and file.is_file() and section not in (card := file.read_text(encoding="utf-8")):
        write_file(file, f"{card.rstrip()}\n\n{section}\n")


def _written(credits: Credits) -> str:
    licence = f"`{credits.licence}`"
    if named := creative_commons(credits.licence):
        licence = "[{}]({})".format(*named)
    author = f" by {credits.author}" if credits.author else ""
    under = f", under {licence}," if credits.licence else ""
    learnt = f" that learnt from {credits.teacher}" if credits.teacher else ""
    made = f"{' and' * bool(learnt)} that was made of the works below" if credits.sources else ""
    weights = f"The weights are those of a model{author}{under}{learnt}{made}, or were trained from them"
    sources = "".join(f"\n- {source}" for source in credits.sources)
    parts = [_CREDITS_HEADING, f"{weights}:\n{sources}" if sources else f"{weights}."]
    if credits.licence:
        languages = ", ".join(f'"{language}"' for language in credits.languages)
        parts.append(
            "Plain sentence-transformers keeps this card when it saves the model; when it has trained it, it writes a "
            "new one without them. `st_beast.load(folder, trainable=True)` keeps them. Without that, say "
            "`SentenceTransformer(folder, model_card_data=SentenceTransformerModelCardData("
            f'license="{credits.licence}", language=[{languages}]))`, and copy this section.'
        )
    return "\n\n".join(parts)
