"""What the files of a saved pipeline say of its vectors: `config.cfg` which they are, `meta.json` whose work.

spaCy has a pipeline write both before its vectors, and does not tell vectors which pipeline they are saved with. What
cannot be known when a pipeline is changed, such as vectors that were put on its vocab by hand, is therefore put right
in the files.
"""

from pathlib import Path
from typing import Any

import srsly
from spacy.util import load_config

from beast_core.credits import Credits
from beast_core.files import write_file

REGISTERED_NAME = "spacy_beast.BeastVectors.v1"
_BEAST = "beast"
_CONFIG_FILE = "config.cfg"
_META_FILE = "meta.json"


class _Mode(str):
    """`"beast"`, which also equals spaCy's "floret": its code asks for that mode where it means vectors that come from
    `get_batch` for any word (`spacy pretrain` with PretrainVectors)."""

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, other) is True or other == "floret"

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


# What `meta.json` calls these vectors, whatever their name is.
MODE = _Mode(_BEAST)


def config_names_beast(pipeline: Path) -> bool:
    """Whether the configuration in a folder, if there is one, says that the pipeline has BEAST vectors."""
    try:
        config = load_config(pipeline / _CONFIG_FILE, interpolate=False)
    except (OSError, ValueError):
        return False
    vectors = config.get("nlp", {}).get("vectors", {})
    return isinstance(vectors, dict) and vectors.get("@vectors") == REGISTERED_NAME


def describe_vectors(pipeline: Path, *, settings: dict[str, Any], credits: Credits) -> None:
    """Makes a pipeline's files say that it has these vectors, if it is the pipeline that is being saved with them."""
    meta_file, config_file = pipeline / _META_FILE, pipeline / _CONFIG_FILE
    try:
        meta = srsly.read_json(meta_file)
        config = load_config(config_file, interpolate=False)
        if meta["vectors"]["mode"] != _BEAST:
            return
    except (OSError, ValueError, KeyError, TypeError):
        return  # a vocab alone, or files of somebody else
    if not config_names_beast(pipeline):
        config["nlp"]["vectors"] = settings
        write_file(config_file, config.to_str(interpolate=False))
    if give_credit(meta, credits=credits):
        write_file(meta_file, srsly.json_dumps(meta, indent=2))


def give_credit(meta: dict[str, Any], *, credits: Credits) -> bool:
    """Adds to a pipeline's meta the licence of its vectors, if it names none, and their sources; whether it did."""
    before = srsly.json_dumps([meta.get("license"), meta.get("sources")])
    licence = credits.licence.upper() if credits.licence.startswith("cc") else credits.licence
    if licence and not meta.get("license"):
        meta["license"] = licence
    named = {"name": "BEAST word vectors", "author": credits.author, "license": licence}
    ours = [{key: value for key, value in named.items() if value}, *({"name": source} for source in credits.sources)]
    sources = meta.get("sources") or []
    if credits != Credits() and isinstance(sources, list):
        meta["sources"] = [*sources, *(source for source in ours if source not in sources)]
    return bool(srsly.json_dumps([meta.get("license"), meta.get("sources")]) != before)
