"""The families of encoders, one a file; this is the one place that lists them."""

from beast_core.families import flatten, ngram
from beast_core.family import FAMILIES, presets

FAMILIES.update({"flatten": flatten.FAMILY, "ngram": ngram.FAMILY})

PRESETS = presets()
