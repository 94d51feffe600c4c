"""The spelling rules, in numbered versions: which strings are one word.

An encoder keeps the rule that it was trained with (`EncoderConfig.spelling`), because another one would change its
vectors.

**1**: canonical composition (NFC), so that the composed and the decomposed spelling of a word are one word. With
`lowercase`, letters are lower-cased one by one first (a Greek capital sigma becomes σ wherever it stands: no context is
looked at). Lower-casing is that of Unicode for no language in particular. In Turkish and Azeri it is another one: there
`I` is a capital `ı` and `İ` a capital `i`, but here `I` becomes `i`, and `İ` an `i` with a combining dot above. Text in
such a language is to be lower-cased by its own rules before, for training and for use alike.

**2**, in this order:

- White space around a word does not count.
- Code points that are not shown do not count, wherever they stand: all that Unicode calls Default_Ignorable, such as
  soft hyphens, byte order marks and joiners. In an emoji some belong: a variation selector after a pictograph or in a
  keycap, a joiner between two pictographs, the tags of a flag.
- Compatibility forms are folded (NFKC): ligatures, full-width letters, superscripts (`m²` is `m2`), `…` is three dots.
  The ordinals ª and º stay, as they are letters of Spanish keyboards: folded, `nº` would be `no`.
- What is typed or typeset for an apostrophe within words, ’ ‘ ‛ ʼ ´, is the ASCII one, and the hyphens U+2010 and
  U+2011 are the ASCII one. Dashes and quotation marks are signs of their own and stay.
- Then case and composition as in 1.

Spelling a word twice changes nothing more.

Of a **very long word**, its first 128 and last 64 code points are looked at, in both rules: composing an endless row of
combining marks would take time that grows with its square. No encoder reads more of a word than a third of that.

Unicode keeps the compositions and foldings of the characters that it has; of new ones, another version of Python may
know more.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

NEWEST_SPELLING = 2

LONG_HEAD, LONG_TAIL = 128, 64

# Unicode's White_Space.
WHITE_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
# Unicode's Default_Ignorable_Code_Point, without the selectors, the joiner and the tags that emoji are made with.
_INVISIBLE = (
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200c\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e001f"
    "\U000e0080-\U000e0fff"
)
_SELECTORS, _EMOJI_SELECTOR, _JOINER, _TAGS = "\ufe0e\ufe0f", "\ufe0f", "\u200d", "\U000e0020-\U000e007f"
_FLAG, _KEYCAP, _KEYCAP_BASES = "\U0001f3f4", "\u20e3", "0-9#*"
_LONGEST_TAGS = 7  # of a flag: the code of a region, up to six letters, and the end
# The emoji, by blocks where a block is all pictographs, but for those that are folded into letters. ↔ is apart, because
# a combining mark after it would compose with it.
_PICTOGRAPHS = (
    "\xa9\xae\u2195-\u2199\u21a9\u21aa\u231a\u231b\u2328\u23cf\u23e9-\u23f3\u23f8-\u23fa\u25aa\u25ab\u25b6\u25c0"
    "\u25fb-\u25fe\u2600-\u27bf\u2934\u2935\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55\u3030\u303d\U0001f000-\U0001f0ff"
    "\U0001f170-\U0001f18f\U0001f191-\U0001f1ff\U0001f300-\U0001faff"
)
_BASES = f"{_PICTOGRAPHS}\u2194"


def _ignored() -> str:
    """The pattern of the code points that do not count, for `re` as for the Oniguruma of `tokenizers`.

    All is said by looking back at the code point that was found: so `re` can look for the few that come into question.
    """
    in_keycap = f"(?<=[{_KEYCAP_BASES}][{_SELECTORS}]){_KEYCAP}"
    before = f"(?:(?<=[{_PICTOGRAPHS}]{_JOINER})|(?<=[{_BASES}]{_EMOJI_SELECTOR}{_JOINER}))"
    after = f"(?:[{_PICTOGRAPHS}]|[{_BASES}]{_EMOJI_SELECTOR})"
    in_no_flag = "".join(f"(?<!{_FLAG}[{_TAGS}]{{{tags}}})" for tags in range(1, _LONGEST_TAGS + 1))
    cases = [
        f"(?<=[{_INVISIBLE}])",
        f"(?<=[{_SELECTORS}])(?<![{_BASES}][{_SELECTORS}])(?!{in_keycap})",
        f"(?<={_JOINER})(?!{before}{after})",
        f"(?<=[{_TAGS}]){in_no_flag}",
    ]
    return f"[{_INVISIBLE}{_SELECTORS}{_JOINER}{_TAGS}](?:{'|'.join(cases)})"


# What rule 2 does, in this order, for whoever follows it by other means. A pair is some code points and what comes in
# the place of each. Before NFKC: an acute accent, which it would make a space and a mark; ordinals, kept behind code
# points that Unicode promises not to assign.
IGNORED = _ignored()
BEFORE_FOLDING = (("´\u1ffd", "'"), ("ª", "\ufdd0"), ("º", "\ufdd1"))
AFTER_FOLDING = (("‘’‛ʼ", "'"), ("‐", "-"), ("\ufdd0", "ª"), ("\ufdd1", "º"))

_SEPARATOR = "\n"
# Of Latin-1, all that rule 2 changes beside case: white space, the soft hyphen, compatibility forms and ´. Said here,
# as finding it out would take longer than the first vector.
_CHANGED_LATIN = b"\t\v\f\r \x85\xa0\xa8\xad\xaf\xb2\xb3\xb4\xb5\xb8\xb9\xbc\xbd\xbe"


# Compiled when first needed, as that takes longer than the first vector.
@cache
def _ignored_pattern() -> re.Pattern[str]:
    return re.compile(IGNORED)


@cache
def _blank_pattern() -> re.Pattern[str]:
    return re.compile(f"[{WHITE_SPACE}{_INVISIBLE}{_SELECTORS}{_JOINER}{_TAGS}]*")


def is_blank(word: str) -> bool:
    """Whether nothing is left of a word by the newest rule: white space and invisible code points alone.

    >>> [is_blank(word) for word in ("", " ", "\\u00ad\\ufeff", "a")]
    [True, True, True, False]
    """
    return _blank_pattern().fullmatch(word) is not None


def normalise_word(word: str, *, lowercase: bool, spelling: int = NEWEST_SPELLING) -> str:
    """The spelling whose bytes are embedded, by that rule.

    >>> normalise_word("CAN\\u0303A", lowercase=True)
    'caña'
    >>> normalise_word(" ﬁ\\u00adn", lowercase=True), normalise_word("ﬁn", lowercase=True, spelling=1)
    ('fin', 'ﬁn')
    """
    return normalise_words([word], lowercase=lowercase, spelling=spelling)[0]


def normalise_words(words: Sequence[str], *, lowercase: bool, spelling: int) -> list[str]:
    """`normalise_word` of each; one joined text costs far less than a call a word."""
    newest = spelling > 1
    if newest:
        words = [word.strip(WHITE_SPACE) for word in words]
    words = [_shortened(word) if len(word) > LONG_HEAD + LONG_TAIL else word for word in words]
    fold = _fold if newest else _lower_and_compose
    folded = fold(_SEPARATOR.join(words), lowercase=lowercase).split(_SEPARATOR)
    if len(folded) != len(words):  # some word holds the separator
        folded = [fold(word, lowercase=lowercase) for word in words]
    return [word.strip(WHITE_SPACE) for word in folded] if newest else folded


def is_plain(text: str) -> bool:
    """Whether no rule does anything to any part of a text but lower-casing it; line feeds do not count.

    That is so of the letters of western Europe and ASCII without white space, and quick to say.
    """
    try:
        latin = text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return len(latin.translate(None, _CHANGED_LATIN)) == len(latin)


def lower(text: str) -> str:
    """Lower-cases letter by letter: no context is looked at."""
    return text.replace("Σ", "σ").lower()


def _shortened(word: str) -> str:
    return word[:LONG_HEAD] + word[-LONG_TAIL:]


def _fold(text: str, *, lowercase: bool) -> str:
    text = _replaced(_without_ignored(text), BEFORE_FOLDING)
    text = _replaced(unicodedata.normalize("NFKC", text), AFTER_FOLDING)
    return _lower_and_compose(text, lowercase=lowercase)


def _without_ignored(text: str) -> str:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return _ignored_pattern().sub("", text)
    return text.replace("\xad", "")  # of Latin-1, that is all


def _replaced(text: str, pairs: Iterable[tuple[str, str]]) -> str:
    for letters, replacement in pairs:
        for letter in letters:
            text = text.replace(letter, replacement)
    return text


def _lower_and_compose(text: str, *, lowercase: bool) -> str:
    return unicodedata.normalize("NFC", lower(text) if lowercase else text)
