"""Models from folders, languages and hubs, and back into folders."""

from pathlib import Path
from typing import Any

from beast_core.model_files import replace_model_folder
from st_beast.hub import fetch, hub_name
from st_beast.sentence_transformers_model import BeastSentenceTransformer


def load(
    path: str | Path | None = None,
    *,
    language: str | None = None,
    trainable: bool = False,
    device: str | None = None,
    similarity_fn_name: str | None = None,
    truncate_dim: int | None = None,
    revision: str | None = None,
    token: str | bool | None = None,
    cache_folder: str | Path | None = None,
    local_files_only: bool = False,
) -> BeastSentenceTransformer:
    """The model in a folder as a `SentenceTransformer`, many times as fast on a CPU as the folder of stock parts.

        load("de")                      # a language that a model comes for; language="de" is always one
        load("runs/de/beast/model")     # a folder of ours, or one of stock parts that st_beast wrote, also fine-tuned
        load("owner/name")              # a model on a hub, of either kind, where there is no folder owner
        load()                          # Spanish

    On a CPU the n-gram table is kept in 2 bits an entry, unless it was fine-tuned; to train the model, load it with
    `trainable`, which unpacks it. The other options are `SentenceTransformer`'s.

    No request is made for a language or a path, also not for a missing one: a name on a hub is a text "owner/name" of
    which neither the folder nor the folder "owner" is here. What is in the hub's cache is not fetched again. A
    `revision` (a branch, a tag, a commit) is of a hub's model alone, and asks for one also where there is a folder
    "owner"; `token`, `cache_folder` and `local_files_only` say nothing of other models.

    >>> load().encode(["perro", "gato"]).shape
    (2, 256)

    Raises what `beast_core.read_encoder` raises, and for a model on a hub what `st_beast.hub.fetch` raises.
    """
    options: dict[str, Any] = {
        "trainable": trainable,
        "device": device,
        "similarity_fn_name": similarity_fn_name,
        "truncate_dim": truncate_dim,
    }
    if (name := hub_name(path, revision=revision)) is None or language is not None:
        return BeastSentenceTransformer(path, language=language, **options)
    folder = fetch(name, revision=revision, token=token, cache_folder=cache_folder, local_files_only=local_files_only)
    model = BeastSentenceTransformer(folder, **options)
    model.model_card_data.origin = (name, folder.name)
    return model


def save(path: str | Path, *, model: str | Path | None = None, language: str | None = None) -> Path:
    """Writes a model folder that plain `SentenceTransformer(path)` loads; returns its absolute path.

    `model` is a folder or a language, `language` always the latter; with neither, it is the Spanish model. The
    folder is written in one step and replaces an older model at `path`. Raises `FileExistsError` if `path` holds
    anything else, and what `beast_core.read_encoder` raises.
    """
    loaded = BeastSentenceTransformer(model, language=language, device="cpu")
    with replace_model_folder(path) as folder:
        loaded.save(folder)
    return Path(path).resolve()
