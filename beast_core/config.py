"""The one description of an encoder: a frozen, validated record that round-trips through JSON."""

import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from typing import Any, ClassVar

from beast_core.family import FAMILIES, presets
from beast_core.spelling import NEWEST_SPELLING

# Longest window that is tested, in the core and in the folders for sentence-transformers. It holds any word of Spanish
# more than twice over; a text longer than that is no word.
LONGEST_WINDOW = 62

# This and the other upper bounds are several times what was ever trained, and low enough that no machine chokes on what
# a damaged or a hostile file asks for.
MOST_LAYERS = 64
LONGEST_SPACE = 100

# Of the normalisations of all families.
NORM_EPSILON = 1e-5

_WHOLE_NUMBERS = tuple[int, ...]
_EXPECTED: dict[Any, str] = {
    str: "a string",
    bool: "true or false",
    int: "a whole number",
    _WHOLE_NUMBERS: "a list of whole numbers",
}


def setting(
    default: Any = MISSING,
    *,
    least: int | None = None,
    most: int | None = None,
    allowed: Callable[[Any], bool] | None = None,
    expected: str | None = None,
    since: int = 0,
    before: Any = None,
) -> Any:
    """A field of a configuration, with its bounds, or what is `allowed`, and what is `expected` if its type and bounds
    do not say it.

    A field that was added later than folders were written has the first format version of folders `since` which it is
    in them, and what encoders did `before`, unless that is the default. While a field has what is both, it is left out:
    so folders keep their bytes and their version.
    """
    bounds = {"least": least, "most": most, "allowed": allowed, "expected": expected}
    return field(default=default, metadata={**bounds, "since": since, "before": default if before is None else before})


def is_language(text: str) -> bool:
    """Whether a text may be the code of a language, as in ISO 639, or a name of several of at least two letters.

    >>> is_language("de"), is_language("multilingual"), is_language("./de"), is_language("")
    (True, True, False, False)
    """
    return re.fullmatch(r"[a-z][a-z-]{1,40}", text) is not None


@dataclass(frozen=True, kw_only=True)
class EncoderConfig(ABC):
    """Everything that determines the shape of an encoder and how it reads a word.

    These are the fields that all families share. Each family in `beast_core.families` has a subclass with its own,
    which `preset`, `from_dict` and `from_json` choose; its docstring says what the family computes. `spelling` is the
    number of the rule by which strings are one word, see `beast_core.spelling`. `language` and `space` change no
    vector: whose words the encoder learnt ("multilingual": those of several languages), and which space its vectors lie
    in; empty where that is not known. Vectors of two encoders can be compared if they are of one space.

    >>> EncoderConfig.preset("mini").layers
    8
    >>> EncoderConfig.from_json(EncoderConfig.preset("beast").to_json()) == EncoderConfig.preset("beast")
    True

    Raises `ValueError` listing every problem at once.
    """

    family: ClassVar[str]

    layers: int = setting(least=1, most=MOST_LAYERS)
    heads: int = setting(least=1, most=256)
    hidden_width: int = setting(256, least=1, most=8192)
    feed_forward_width: int = setting(1024, least=1, most=32_768)
    output_width: int = setting(256, least=1, most=4096)
    window: int = setting(24, least=1, most=LONGEST_WINDOW)
    causal: bool = setting(False)
    lowercase: bool = setting(True)
    spelling: int = setting(NEWEST_SPELLING, least=1, most=NEWEST_SPELLING, since=4, before=1)
    language: str = setting(
        "",
        allowed=lambda text: text == "" or is_language(text),
        expected='the code of a language such as "es", "multilingual", or "" for an unknown one',
        since=5,
    )
    space: str = setting(
        "",
        allowed=lambda text: len(text) <= LONGEST_SPACE and text.isprintable(),
        expected=f"at most {LONGEST_SPACE} printable characters",
        since=5,
    )

    def __post_init__(self) -> None:
        found = vars(self)
        _refuse(_type_problems(found, of=fields(self)))
        for each in fields(self):
            if each.type == _WHOLE_NUMBERS:  # JSON and TOML have lists only, and a list could not be hashed
                object.__setattr__(self, each.name, tuple(found[each.name]))
        _refuse(_bound_problems(found, of=fields(self)) + self.problems())

    def problems(self) -> list[str]:
        """What is wrong between fields, beyond the bounds of each, which may be violated as well."""
        if self.heads < 1:
            return []
        if self.hidden_width % self.heads:
            return [f"hidden_width {self.hidden_width} is not a multiple of heads {self.heads}"]
        if self.hidden_width // self.heads % 2:
            return [f"hidden_width / heads is {self.hidden_width // self.heads}, expected an even number"]
        return []

    @abstractmethod
    def summary(self) -> str:
        """The network in words, for the card of a model."""

    def layers_summary(self, *more: str) -> str:
        """The part of it on transformer layers, of which there may be none; `more` is what else there is to say."""
        causal = "causal" if self.causal else ""
        said = [f"{self.heads} heads", f"feed-forward {self.feed_forward_width:,} wide", causal, *more]
        return f"{self.layers} transformer layers ({', '.join(filter(None, said))}), " if self.layers else ""

    @property
    def network(self) -> "EncoderConfig":
        """The configuration without what changes no vector: equal ones read words and compute alike."""
        return replace(self, language="", space="")

    @property
    def format_version(self) -> int:
        """The format version of folders that hold it: the oldest that has all that it says."""
        return int(max(each.metadata["since"] for each in self._written()))

    @property
    @abstractmethod
    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """The shapes of all weights by name, as a network of this configuration has them."""

    @property
    def quantised_tables(self) -> dict[str, tuple[int, int]]:
        """The tables that compact folders hold in 2 bits an entry, by name, and the shapes that they have there."""
        return {}

    @classmethod
    def normalised(cls, values: dict[str, Any]) -> dict[str, Any]:
        """The fields in the one form that the constructor takes, of any form that was ever written or is allowed."""
        return values

    @classmethod
    def preset(cls, name: str, **changes: Any) -> "EncoderConfig":
        """The preset of that name, with fields changed. Raises `ValueError` naming what there is."""
        known = presets()
        if name not in known:
            raise ValueError(f"unknown preset {name!r}, expected one of {sorted(known)}")
        return cls.from_dict(known[name].to_dict() | changes)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> "EncoderConfig":
        """Reads what `to_dict` wrote. Raises `ValueError` that names every unknown and every missing key."""
        if not isinstance(values, Mapping):
            raise ValueError(f"an encoder configuration is a JSON object, found {type(values).__name__}")
        family = values.get("family")
        entry = FAMILIES.get(family) if isinstance(family, str) else None
        kind = entry.config if entry else EncoderConfig
        given = kind.normalised({name: value for name, value in values.items() if name != "family"})
        known = _known_keys(entry.config for entry in ([entry] if entry else FAMILIES.values()))
        problems = []
        if "family" in values and not entry:
            problems.append(f"family is {family!r}, expected one of {tuple(FAMILIES)}")
        problems += [_unknown(key, value=given[key]) for key in sorted(set(given) - known)]
        required = ["family", *(each.name for each in fields(kind) if each.default is MISSING)]
        problems += [f"missing key {key!r}" for key in required if key not in values]
        wrong = _type_problems(given, of=fields(kind))
        if not entry and not wrong:  # no class of a family will look at the bounds
            wrong = _bound_problems(given, of=fields(kind))
        problems += wrong
        if entry and not problems:
            return entry.config(**given)
        raise ValueError(f"invalid encoder configuration: {'; '.join(problems)}; known keys: {sorted(known)}")

    def to_dict(self) -> dict[str, Any]:
        """The family and all fields as JSON types, but for later ones that say what there was before."""
        values: dict[str, Any] = {"family": self.family}
        for each in self._written():
            value = getattr(self, each.name)
            values[each.name] = list(value) if isinstance(value, tuple) else value
        return values

    def _written(self) -> list[Field[Any]]:
        return [
            each
            for each in fields(self)
            if not (each.metadata["since"] and getattr(self, each.name) == each.default == each.metadata["before"])
        ]

    @classmethod
    def from_folder(cls, values: Any, *, version: int) -> "EncoderConfig":
        """Reads what a folder of that format version holds: what it does not know is as it was before.

        Raises `ValueError`, see `from_dict`.
        """
        if isinstance(values, Mapping):
            entry = FAMILIES.get(str(values.get("family")))
            later = [each for each in fields(entry.config if entry else cls) if each.metadata["since"] > version]
            values = {each.name: each.metadata["before"] for each in later} | dict(values)
        return cls.from_dict(values)

    @classmethod
    def from_json(cls, text: str) -> "EncoderConfig":
        """Reads what `to_json` wrote; see `from_dict`."""
        return cls.from_dict(json.loads(text))

    def to_json(self) -> str:
        """The fields as indented JSON."""
        return json.dumps(self.to_dict(), indent=2)


def linear_shapes(name: str, *, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
    """The shapes of the weights of a linear layer, by their names.

    >>> linear_shapes("projection", inputs=8, outputs=6)
    {'projection.weight': (6, 8), 'projection.bias': (6,)}
    """
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def enumeration(parts: Sequence[object]) -> str:
    """Things one after the other, as in a sentence.

    >>> enumeration([64, 128, 192])
    '64, 128 and 192'
    """
    names = [str(part) for part in parts]
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _refuse(problems: list[str]) -> None:
    if problems:
        raise ValueError("invalid encoder configuration: " + "; ".join(problems))


def _known_keys(kinds: Iterable[type[EncoderConfig]]) -> set[str]:
    return {"family", *(each.name for kind in kinds for each in fields(kind))}


def _unknown(key: str, *, value: object) -> str:
    owners = [name for name, family in FAMILIES.items() if key in _known_keys([family.config])]
    if owners:
        return f"{key} is {value!r}, but belongs to the {owners[0]!r} family: leave it out"
    return f"unknown key {key!r}"


def _type_problems(values: Mapping[str, Any], *, of: Iterable[Field[Any]]) -> list[str]:
    return [
        f"{each.name} is {values[each.name]!r}, expected {each.metadata['expected'] or _EXPECTED[each.type]}"
        for each in of
        if each.name in values and not _fits(values[each.name], each.type)
    ]


def _fits(value: object, expected: Any) -> bool:
    if expected == _WHOLE_NUMBERS:
        return isinstance(value, (list, tuple)) and all(type(number) is int for number in value)
    return type(value) is expected


def _bound_problems(values: Mapping[str, Any], *, of: Iterable[Field[Any]]) -> list[str]:
    problems = []
    for each in of:
        value, least, most = values.get(each.name), each.metadata["least"], each.metadata["most"]
        if value is not None and least is not None and value < least:
            problems.append(f"{each.name} is {value}, expected at least {least}")
        if value is not None and most is not None and value > most:
            problems.append(f"{each.name} is {value}, expected at most {most}")
        if value is not None and (allowed := each.metadata["allowed"]) and not allowed(value):
            problems.append(f"{each.name} is {value!r:.120}, expected {each.metadata['expected']}")
    return problems
