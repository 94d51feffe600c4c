"""spaCy finds everything by the names in pyproject.toml, in a process that has imported nothing of ours."""

import tomllib
from pathlib import Path

PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def test_every_declared_name_resolves_and_loads_no_other_host(run_fresh):
    declared = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]["entry-points"]
    groups = {group.removeprefix("spacy_"): names for group, names in declared.items() if group.startswith("spacy_")}
    assert {group: list(names) for group, names in groups.items()} == {
        "factories": ["beast_vectors", "beast_matcher"],
        "vectors": ["spacy_beast.BeastVectors.v1"],
        "architectures": ["spacy_beast.BeastEmbed.v1"],
    }
    arguments = [f"{group}={name}={target}" for group, names in groups.items() for name, target in names.items()]
    run_fresh(
        """
import sys
import spacy
from spacy.util import registry

nlp = spacy.blank("es")
assert "spacy_beast" in sys.modules
for name in ("st_beast", "sentence_transformers", "transformers", "training"):
    assert name not in sys.modules, f"spacy.blank imports {name}"
assert nlp.has_factory("beast_vectors") and nlp.has_factory("beast_matcher")
for argument in sys.argv[1:]:
    group, name, target = argument.split("=")
    found = getattr(registry, group).get(name)
    assert f"{found.__module__}:{found.__qualname__}" == target, (argument, found)
nlp.add_pipe("beast_vectors")
nlp("Hola")[0].vector
for name in ("st_beast", "sentence_transformers", "training"):
    assert name not in sys.modules, f"beast_vectors imports {name}"
""",
        *arguments,
    )
