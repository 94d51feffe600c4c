"""What an exported model says of itself: above all how words become the bytes that it takes, for readers that have
nothing of this package."""

import json
from typing import Any

from beast_core.config import EncoderConfig
from beast_core.credits import Credits
from beast_core.spelling import (
    AFTER_FOLDING,
    BEFORE_FOLDING,
    IGNORED,
    LONG_HEAD,
    LONG_TAIL,
    WHITE_SPACE,
)

# Under which name a file holds it.
DESCRIPTION_KEY = "beast"
# What comes after the bytes of a word.
PADDING = -1

_NOT_AFTER_IT = r"(?![\s\S])"  # the end of a text, for the regular expressions of Python and of JavaScript


def describe_export(config: EncoderConfig, *, credits: Credits) -> dict[str, Any]:
    """What a reader has to know, as JSON types.

    `spelling` are the steps that a word goes through, see `spelling_steps`; then it is UTF-8, of which the first `head`
    and the last `tail` bytes are kept if there are more than both together; `padding` follows.
    """
    tail = config.window // 3
    return {
        "language": config.language,
        "space": config.space,
        "licence": credits.licence,
        "author": credits.author,
        "credits": list(credits.sources),
        "width": config.output_width,
        "spelling": spelling_steps(lowercase=config.lowercase, spelling=config.spelling),
        "head": config.window - tail,
        "tail": tail,
        "padding": PADDING,
        "encoder": config.to_dict(),
    }


def as_metadata(description: dict[str, Any]) -> dict[str, str]:
    """The same for a file whose entries are texts, with those that ONNX has names for:
    https://onnx.ai/onnx/repo-docs/MetadataProps.html."""
    names = {"model_author": description["author"], "model_license": description["licence"]}
    return {DESCRIPTION_KEY: json.dumps(description)} | {name: value for name, value in names.items() if value}


def spelling_steps(*, lowercase: bool, spelling: int) -> list[list[str]]:
    """A rule of `beast_core.spelling` as steps that are taken one after the other: `["replace", pattern, text]` is all
    that a regular expression matches, which Python, and JavaScript with its flag `u`, read alike; `["normalize", form]`
    is one of Unicode's; `["lower"]` lower-cases.

    >>> spelling_steps(lowercase=True, spelling=1)[1:]
    [['replace', 'Σ', 'σ'], ['lower'], ['normalize', 'NFC']]
    """
    shortened = _replace(rf"(?<=^[\s\S]{{{LONG_HEAD}}})[\s\S]+(?=[\s\S]{{{LONG_TAIL}}}{_NOT_AFTER_IT})")
    # Lower-casing looks at what surrounds Σ and at nothing else.
    lowered = [_replace("Σ", "σ"), ["lower"]] if lowercase else []
    composed = [*lowered, ["normalize", "NFC"]]
    if spelling == 1:
        return [shortened, *composed]
    before, after = (
        [_replace(f"[{letters}]", text) for letters, text in pairs] for pairs in (BEFORE_FOLDING, AFTER_FOLDING)
    )
    stripped = [_replace(f"^[{WHITE_SPACE}]+"), _replace(f"[{WHITE_SPACE}]+{_NOT_AFTER_IT}")]
    folded = [_replace(IGNORED), *before, ["normalize", "NFKC"], *after]
    return [*stripped, shortened, *folded, *composed, *stripped]


def _replace(pattern: str, text: str = "") -> list[str]:
    return ["replace", pattern, text]
