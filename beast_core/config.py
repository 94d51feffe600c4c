"""The one description of an encoder: a frozen, validated record that round-trips through JSON."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
from typing import Any, ClassVar

from beast_core.family import FAMILIES, presets
from beast_core.spelling import NEWEST_SPELLING

# Longest window that is tested, in the core and in the folders for sentence-transformers. It holds any word of Spanish
# more than twice over; a text longer than that is no word.
LONGEST_WINDOW = 62

# This and the other upper bounds are several times what was ever trained, and low enough that no machine chokes on what
# a damaged or a hostile file asks for.
MOST_LAYERS = 64

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
    expected: str | None = None,
    later: bool = False,
) -> Any:
    """A field of a configuration, with its bounds and, if its type does not say it, what is expected.

    A field that was added `later` than folders were written is left out of them while it has its default, which has to
    be what encoders did before there was the field: so folders keep their bytes and their meaning.
    """
    return field(default=default, metadata={"least": least, "most": most, "expected": expected, "later": later})


@dataclass(frozen=True, kw_only=True)
class EncoderConfig(ABC):
    """Everything that determines the shape of an encoder and how it reads a word.

    These are the fields that all families share. Each family in `beast_core.families` has a subclass with its own,
    which `preset`, `from_dict` and `from_json` choose; its docstring says what the family computes. `spelling` is the
    number of the rule by which strings are one word, see `beast_core.spelling`.

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
    spelling: int = setting(NEWEST_SPELLING, least=1, most=NEWEST_SPELLING)

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

    def layers_summary(self) -> str:
        """The part of it on transformer layers, of which there may be none."""
        attention = f"{self.heads} heads, feed-forward {self.feed_forward_width:,} wide{', causal' * self.causal}"
        return f"{self.layers} transformer layers ({attention}), " if self.layers else ""

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
        """The family and all fields as JSON types, but for later ones that have their default."""
        values: dict[str, Any] = {"family": self.family}
        for each in fields(self):
            value = getattr(self, each.name)
            if not (each.metadata["later"] and value == each.default):
                values[each.name] = list(value) if isinstance(value, tuple) else value
        return values

    @classmethod
    def from_json(cls, text: str) -> "EncoderConfig":
        """Reads what `to_json` wrote; see `from_dict`."""
        return cls.from_dict(json.loads(text))

    def to_json(self) -> str:
        """The fields as indented JSON."""
        return json.dumps(self.to_dict(), indent=2)


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
    return problems
