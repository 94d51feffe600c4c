"""The families of encoders, one a file; this is the one place that lists them."""

from beast_core.families import flatten, ngram
from beast_core.family import FAMILIES

FAMILIES.update({"flatten": flatten.FAMILY, "ngram": ngram.FAMILY})

PRESETS = {name: preset for family in FAMILIES.values() for name, preset in family.presets.items()}
