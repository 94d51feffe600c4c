"""The one description of an encoder: a frozen, validated record that round-trips through JSON, and its presets."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

FAMILIES = ("flatten", "ngram")
_LISTS = ("ngram_sizes", "ngram_buckets")

# Longest window that is tested, in the core and in the folders for sentence-transformers. It holds any word of Spanish
# more than twice over; a text longer than that is no word.
LONGEST_WINDOW = 62


@dataclass(frozen=True, kw_only=True)
class EncoderConfig:
    """Everything that determines the shape of an encoder and how it reads a word.

    `family` selects one of two architectures, both of which stock sentence-transformers folders can hold:

    - `flatten`, the published BEAST: byte embeddings + sinusoidal positions -> post-norm transformer -> flatten ->
      linear -> tanh -> L2. All `window` positions take part; padding is never attended to.
    - `ngram`: byte embeddings + hashed byte n-gram embeddings -> causal pre-norm transformer -> mean over the word's
      positions -> GELU layer -> linear -> tanh -> L2. Padding takes no part and costs nothing. With no `layers`, the
      embeddings are averaged as they are; with a `projection_width` of 0, there is no GELU layer. `ngram_buckets` is
      how many rows n-grams of each size share: one number for each of `ngram_sizes`, or one for all.

    >>> EncoderConfig.preset("mini").layers
    8
    >>> EncoderConfig.from_json(EncoderConfig.preset("beast").to_json()) == EncoderConfig.preset("beast")
    True

    Raises `ValueError` listing every problem at once.
    """

    family: str
    layers: int
    heads: int
    hidden_width: int = 256
    feed_forward_width: int = 1024
    output_width: int = 256
    window: int = 24
    causal: bool = False
    lowercase: bool = True
    ngram_sizes: tuple[int, ...] = ()
    ngram_buckets: tuple[int, ...] | int = ()  # an int becomes a tuple
    projection_width: int = 0

    def __post_init__(self) -> None:
        if problems := self._type_problems(vars(self)):
            raise ValueError("invalid encoder configuration: " + "; ".join(problems))
        buckets = self.ngram_buckets
        if isinstance(buckets, int):
            buckets = [buckets] * (len(self.ngram_sizes) or int(buckets != 0))
        object.__setattr__(self, "ngram_sizes", tuple(self.ngram_sizes))
        object.__setattr__(self, "ngram_buckets", tuple(buckets))
        if problems := self._value_problems():
            raise ValueError("invalid encoder configuration: " + "; ".join(problems))

    @classmethod
    def _type_problems(cls, values: Mapping[str, Any]) -> list[str]:
        names = {str: "a string", bool: "true or false", int: "a whole number"}
        problems = [
            f"{field.name} is {values[field.name]!r}, expected {names[field.type]}"
            for field in fields(cls)
            if field.type in names and field.name in values and type(values[field.name]) is not field.type
        ]
        for name in _LISTS:
            numbers = values.get(name, ())
            one_for_all = name == "ngram_buckets" and type(numbers) is int
            whole = isinstance(numbers, (list, tuple)) and all(type(number) is int for number in numbers)
            if not (whole or one_for_all):
                or_one = ", or one" if name == "ngram_buckets" else ""
                problems.append(f"{name} is {numbers!r}, expected a list of whole numbers{or_one}")
        return problems

    def _value_problems(self) -> list[str]:
        positive = ("heads", "hidden_width", "feed_forward_width", "output_width", "window")
        problems = [
            f"{name} is {getattr(self, name)}, expected at least 1" for name in positive if getattr(self, name) < 1
        ]
        fewest = 0 if self.family == "ngram" else 1
        if self.layers < fewest:
            problems.append(f"layers is {self.layers}, expected at least {fewest}")
        if self.family not in FAMILIES:
            problems.append(f"family is {self.family!r}, expected one of {FAMILIES}")
        if self.window > LONGEST_WINDOW:
            problems.append(f"window is {self.window}, expected at most {LONGEST_WINDOW}")
        if not problems and self.hidden_width % self.heads:
            problems.append(f"hidden_width {self.hidden_width} is not a multiple of heads {self.heads}")
        if not problems and self.hidden_width // self.heads % 2:
            problems.append(f"hidden_width / heads is {self.hidden_width // self.heads}, expected an even number")
        return problems + (self._ngram_problems() if self.family in FAMILIES else [])

    def _ngram_problems(self) -> list[str]:
        if self.family == "flatten":
            given = {name: getattr(self, name) for name in (*_LISTS, "projection_width") if getattr(self, name)}
            return [
                f"{name} is {value}, but belongs to the 'ngram' family: leave it out" for name, value in given.items()
            ]
        problems = []
        if not self.causal:
            problems.append("causal is False, expected True for the 'ngram' family")
        if not self.ngram_sizes or sorted(set(self.ngram_sizes)) != list(self.ngram_sizes) or self.ngram_sizes[0] < 2:
            problems.append(f"ngram_sizes is {self.ngram_sizes}, expected increasing sizes of at least 2")
        if len(self.ngram_buckets) != len(self.ngram_sizes) or any(number < 1 for number in self.ngram_buckets):
            problems.append(
                f"ngram_buckets is {self.ngram_buckets}, expected a number of at least 1 for each of ngram_sizes, or "
                "one for all"
            )
        if self.hidden_width % 4:
            problems.append(f"hidden_width is {self.hidden_width}, expected a multiple of 4 for the 'ngram' family")
        if self.projection_width < 0:
            problems.append(f"projection_width is {self.projection_width}, expected 0 or more")
        return problems

    @classmethod
    def preset(cls, name: str, **changes: Any) -> "EncoderConfig":
        """The preset of that name, with fields changed. Raises `ValueError` naming what there is."""
        if name not in PRESETS:
            raise ValueError(f"unknown preset {name!r}, expected one of {sorted(PRESETS)}")
        known = {field.name for field in fields(cls)}
        if unknown := sorted(set(changes) - known):
            raise ValueError(f"unknown fields {unknown}, expected some of {sorted(known)}")
        return replace(PRESETS[name], **changes)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "EncoderConfig":
        """Reads what `to_dict` wrote. Raises `ValueError` that names every unknown and every missing key."""
        if not isinstance(values, Mapping):
            raise ValueError(f"an encoder configuration is a JSON object, found {type(values).__name__}")
        known = {field.name for field in fields(cls)}
        problems = [f"unknown key {key!r}" for key in sorted(set(values) - known)]
        problems += [f"missing key {key!r}" for key in ("family", "layers", "heads") if key not in values]
        problems += cls._type_problems(values)
        if problems:
            raise ValueError(f"invalid encoder configuration: {'; '.join(problems)}; known keys: {sorted(known)}")
        return cls(**values)

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON types."""
        return asdict(self) | {name: list(getattr(self, name)) for name in _LISTS}

    @classmethod
    def from_json(cls, text: str) -> "EncoderConfig":
        """Reads what `to_json` wrote; see `from_dict`."""
        return cls.from_dict(json.loads(text))

    def to_json(self) -> str:
        """The fields as indented JSON."""
        return json.dumps(self.to_dict(), indent=2)


# `base` and `mini` are the published shapes, parameter for parameter; `asterisk` has the shape of Asterisk* (2 causal
# layers, 2 heads, width 256) on bytes; `beast` is ours and the one that ships.
# There are far fewer trigrams than longer n-grams, so they have fewer buckets.
# The bucket counts are primes: the hash multiplies by 1,000,000,007, which is 7 modulo 12,500, so that with 12,500
# buckets 'ab' and its neighbours collide by construction (`tests/test_core/test_layers.py` measures it).
PRESETS = {
    "base": EncoderConfig(family="flatten", layers=16, heads=16),
    "mini": EncoderConfig(family="flatten", layers=8, heads=16),
    "asterisk": EncoderConfig(family="flatten", layers=2, heads=2, causal=True),
    "beast": EncoderConfig(
        family="ngram",
        layers=0,
        heads=4,
        feed_forward_width=512,
        causal=True,
        ngram_sizes=(3, 4, 5, 6),
        ngram_buckets=(12_007, 53_003, 53_003, 53_003),
    ),
}
