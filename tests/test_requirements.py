"""What the package asks for is what its hosts can work with."""

import tomllib
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

PROJECT = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OURS = {
    each.name: each
    for group in (PROJECT["dependencies"], *PROJECT["optional-dependencies"].values())
    for each in map(Requirement, group)
}


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
