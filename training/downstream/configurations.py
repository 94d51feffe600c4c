"""What is compared: where a tok2vec has what it knows of words from.

Each is one of the ready configurations of `training/configs/spacy`, and what is changed in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from thinc.api import Config

from training.downstream.corpora import Task

READY = Path(__file__).parents[1] / "configs" / "spacy"
_VECTORS = "beast_vectors.cfg"

_EMBED = "components.tok2vec.model.embed"
# What learns each task, in this order; a morphologizer is built as a tagger is.
_COMPONENTS: dict[Task, tuple[str, ...]] = {
    "tags": ("tagger",),
    "syntax": ("morphologizer", "parser"),
    "names": ("ner",),
}
# Words of a batch, so that 500 steps see the sentences of a corpus several times.
_BATCH_WORDS = 500


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """A ready configuration: its file, what is changed in it, and for readers what it is.

    `table` is the pipeline whose vectors are read, if any; `ours` whether `[nlp.vectors]` stays as it is.
    """

    title: str
    file: str
    changes: Mapping[str, Any] = field(default_factory=dict)
    table: Literal["plain", "floret", ""] = ""
    ours: bool = False

    @property
    def encodes(self) -> bool:
        """Whether our encoder is in it, as vectors or as a layer."""
        return self.ours or self.file != _VECTORS


CONFIGURATIONS: dict[str, Configuration] = {
    "none": Configuration(title="no vectors", file=_VECTORS, changes={f"{_EMBED}.include_static_vectors": False}),
    "floret": Configuration(title="floret table", file=_VECTORS, table="floret"),
    "table": Configuration(title="plain table", file=_VECTORS, table="plain"),
    "static": Configuration(title="BEAST, static", file=_VECTORS, ours=True),
    "frozen": Configuration(title="BeastEmbed, frozen, alone", file="beast_embed.cfg"),
    "both-frozen": Configuration(title="BeastEmbed, frozen, beside hashes", file="beast_embed_beside_hashes.cfg"),
    "trained": Configuration(
        title="BeastEmbed, trainable, alone", file="beast_embed.cfg", changes={f"{_EMBED}.trainable": True}
    ),
    "both-trained": Configuration(
        title="BeastEmbed, trainable, beside hashes",
        file="beast_embed_beside_hashes.cfg",
        changes={f"{_EMBED}.*.both.*.beast.trainable": True},
    ),
}


def training_config(
    name: str, *, language: str, task: Task, train: Path, watch: Path, table: Path | None, seed: int, steps: int
) -> Config:
    """The configuration that `spacy train` is given.

    `train` and `watch` are files of sentences, of which the latter's scores are only shown; `table` is the pipeline
    with the vectors of the configurations that read some.
    """
    configuration = CONFIGURATIONS[name]
    config = Config().from_disk(READY / configuration.file, interpolate=False)
    components = config["components"]
    components["morphologizer"] = {**components["tagger"], "factory": "morphologizer"}
    config["components"] = {each: components[each] for each in ("tok2vec", *_COMPONENTS[task])}
    config["nlp"] |= {"lang": language, "pipeline": list(config["components"])}
    if configuration.ours:
        config["nlp"]["vectors"]["language"] = language
    else:
        config["nlp"].pop("vectors", None)
    if table:
        config["initialize"] = {"vectors": str(table)}
    config["paths"] |= {"train": str(train), "dev": str(watch)}
    config["training"] |= {"seed": seed, "max_steps": steps, "eval_frequency": steps}
    config["training"]["batcher"]["size"] = _BATCH_WORDS
    for place, value in configuration.changes.items():
        *sections, key = place.split(".")
        section = config
        for each in sections:
            section = section[each]
        section[key] = value
    return config
