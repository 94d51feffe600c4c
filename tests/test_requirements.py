"""What the package asks for is what its hosts can work with."""

import re
import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from beast_core.needs import needs_export, needs_sentence_transformers, needs_torch

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
OURS = {each.name: each for group in (PROJECT["dependencies"], *EXTRAS.values()) for each in map(Requirement, group)}


def least(requirement):
    return max(Version(each.version) for each in requirement.specifier if each.operator == ">=")


@pytest.mark.parametrize(("host", "extra", "package"), [("transformers", "torch", "torch"), ("spacy", "", "thinc")])
def test_the_least_version_is_no_older_than_the_one_a_host_asks_for(host, extra, package):
    """Today's transformers with torch 2.5 ends in a NameError when a model is built."""
    asked = [
        each
        for each in map(Requirement, requires(host))
        if each.name == package and (each.marker is None or each.marker.evaluate({"extra": extra}))
    ]
    assert asked and least(OURS[package]) >= max(map(least, asked))


def packages(extra):
    """The names of what an extra asks for, those of the extras within it included."""
    asked = list(map(Requirement, EXTRAS[extra]))
    inner = [name for each in asked if each.name == PROJECT["name"] for name in each.extras]
    return {each.name for each in asked if each.name != PROJECT["name"]}.union(*map(packages, inner))


def test_models_without_layers_need_no_torch_and_spacy_brings_none():
    assert {Requirement(each).name for each in PROJECT["dependencies"]} == {"numpy", "safetensors"}
    assert packages("spacy") == {"spacy", "thinc"}


def test_what_needs_torch_brings_it():
    assert packages("torch") == {"torch"}
    assert all("torch" in packages(extra) for extra in EXTRAS if extra not in {"spacy", "export"})


@pytest.mark.parametrize(
    ("guard", "module"),
    [
        (needs_torch, "torch"),
        (needs_sentence_transformers, "torch"),
        *((needs_export, module) for module in ("onnx", "onnxruntime", "gensim")),
    ],
)
def test_what_is_missing_is_said_with_the_extra_that_brings_it(guard, module):
    with (
        pytest.raises(ImportError, match=f"{module} is not installed, which is needed by this: ") as caught,
        guard("this"),
    ):
        raise ModuleNotFoundError(name=module)
    [extra] = re.findall(r"pip install 'beast-vectors\[(.*)\]'$", str(caught.value))
    assert module in packages(extra)


def test_another_module_that_is_missing_is_not_taken_for_torch():
    with pytest.raises(ModuleNotFoundError, match="no such module"), needs_torch("this"):
        raise ModuleNotFoundError("no such module", name="torchvision")
