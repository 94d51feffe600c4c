"""What the spelling and the grammar of Spanish say of a word: no lists, only rules.

Rules of spelling and of enclitics after the Real Academia Española, Ortografía de la lengua española (2010), III.3 and
V.2.1; rules of formation are those that a list of frequent words needs most.
"""

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Set

from training.lexicon.word_list import Pair
from training.resources.hunspell import Affixes, expand

_BARE = str.maketrans("áéíóúü", "aeiouu")


def bare(word: str) -> str:
    """The word without accents and diaereses; ñ is a letter of its own.

    >>> bare("pingüinería"), bare("ñandú")
    ('pinguineria', 'ñandu')
    """
    return word.translate(_BARE)


# í and ú beside a strong vowel are accented wherever they stand: "país", "prohíbe", "ataúdes".
_STRESSED = "(?:[áéó][iu]?|(?<![aeo])(?<![aeo]h)[íú](?!h?[aeo]))"
_CONSONANTS = "(?:[^aeiouáéíóúü]+|[^aeiouáéíóúü]*[gq]u)"
_SYLLABLE = "(?:[iuü]?[aeo][iu]?|[iu])"
_MISPLACED = re.compile(
    "[áéíóú].*[áéíóú]"  # two accents
    f"|{_STRESSED}{_CONSONANTS}{_SYLLABLE}[ns]?$"  # on the last syllable but one of a word in a vowel, n or s
    "|(?:[áéó]|(?<![aeo])(?<![aeo]h)[íú])[^aeiouáéíóúüns]$"  # on the last syllable of a word in another consonant
)


def has_misplaced_accent(word: str) -> bool:
    """Whether the rules of accentuation forbid an accent that a lower-cased word has.

    That an accent is missing cannot be told. The handful of accents that tell one word from another ("sólo", "cómo")
    break the rules and count as misplaced.

    >>> words = ("condiciones", "condiciónes", "fácil", "animál", "día", "dámelo", "país")
    >>> [word for word in words if has_misplaced_accent(word)]
    ['condiciónes', 'animál']
    """
    return _MISPLACED.search(word) is not None


_PRONOUNS = ("la", "las", "le", "les", "lo", "los", "me", "nos", "os", "te")
_REFLEXIVE_GERUND = re.compile("[áé]ndose$")


def enclitics(word: str, *, lemma: str) -> list[str]:
    """The other forms with one pronoun of a reflexive infinitive or gerund; none of any other word.

    A verb that takes `se` has those: one writes the pronouns of an infinitive and a gerund at its end.

    >>> enclitics("abrirse", lemma="abrir")[:3], enclitics("abriéndose", lemma="abrir")[6]
    (['abrirla', 'abrirlas', 'abrirle'], 'abriéndome')
    """
    if word == f"{lemma}se" or _REFLEXIVE_GERUND.search(word):
        return [word.removesuffix("se") + pronoun for pronoun in _PRONOUNS]
    return []


# Of these the stress, and so the spelling of half the forms, is not told by the infinitive: "cambio", "envío".
_UNSURE_VERB = re.compile("[iu]ar$")
_LEAST_SHARE = 0.8


def conjugations(words: Set[str], *, affixes: Affixes, flags: str, known: Container[str]) -> Iterator[Pair]:
    """Verbs that a list of words without accents conjugates, with their accents.

    What ends like an infinitive, is not `known`, and has (to the longest word of the list) four in five of the forms
    that the suffixes `flags` of a dictionary give a regular verb, is one; the forms that are listed are given.
    """
    longest = max(map(len, words), default=0)
    for verb in sorted(word for word in words if word.endswith(("ar", "er", "ir")) and word not in known):
        if _UNSURE_VERB.search(verb):
            continue
        forms = {form.word for form in expand(verb, flags=flags, affixes=affixes)}
        forms = {form for form in forms if not form.endswith("se") and len(form) <= longest}
        listed = [form for form in sorted(forms) if bare(form) in words]
        if len(forms) > 1 and len(listed) >= _LEAST_SHARE * len(forms):
            yield from (Pair(form, verb) for form in listed)


_PREFIXES = """aero agro anti auto bio cardio ciber contra electro euro extra foto geo hidro hiper hipo inter macro mega
micro mini mono multi nano narco neo neuro pluri poli post psico radio semi sobre socio super tele trans ultra video"""
_PREFIXED = re.compile(f"(?:{'|'.join(_PREFIXES.split())})(?:r(?=r))?(.{{5,}})")
_GENDERED = re.compile("(.+)[oa]s?")
_SUFFIXES = ("ísim", "it", "cit", "ecit")
_SPELLINGS = (("qu", "c"), ("gu", "g"), ("c", "z"))


def is_formed(word: str, *, known: Container[str]) -> bool:
    """Whether a word is a known one with a prefix, or with the ending of an adverb, a superlative or a diminutive.

    >>> known = {"abuela", "seguridad", "clara", "claro", "rico", "real"}
    >>> [is_formed(word, known=known) for word in ("abuelita", "ciberseguridad", "claramente", "riquísimo", "realito")]
    [True, True, True, True, True]
    >>> [is_formed(word, known=known) for word in ("abuelemente", "riquisimo", "cibermar")]
    [False, False, False]
    """
    if (match := _PREFIXED.fullmatch(word)) and match[1] in known:
        return True
    if word.endswith("mente"):  # put on the feminine of an adjective, or on one that has no feminine
        stem = word.removesuffix("mente")
        return stem in known and (stem[-1] in "elrz" or (stem[-1] == "a" and stem[:-1] + "o" in known))
    body = match[1] if (match := _GENDERED.fullmatch(word)) else ""
    stems = [body.removesuffix(suffix) for suffix in _SUFFIXES if body.endswith(suffix)]
    stems += [stem.removesuffix(end) + other for stem in stems for end, other in _SPELLINGS if stem.endswith(end)]
    return any(stem + ending in known for stem in stems if len(stem) > 1 for ending in ("o", "a", "e", ""))


def prevailing(spellings: Iterable[str], *, frequencies: Mapping[str, float]) -> list[str]:
    """Of words that differ in accents alone, the most frequent one (the first in the alphabet, of equals), sorted."""
    best: dict[str, str] = {}
    for word in sorted(spellings, key=lambda word: (-frequencies[word], word)):
        best.setdefault(bare(word), word)
    return sorted(best.values())


def singular(word: str, *, known: Container[str]) -> str:
    """The known word that a word is the regular plural of, else the word itself.

    >>> known = {"abuelita", "videojugador", "altavoz", "gas"}
    >>> [singular(word, known=known) for word in ("abuelitas", "videojugadores", "altavoces", "gas")]
    ['abuelita', 'videojugador', 'altavoz', 'gas']
    """
    endings = (("ces", "z"), ("es", ""), ("s", ""))
    stems = (word.removesuffix(ending) + last for ending, last in endings if word.endswith(ending))
    return next((stem for stem in stems if stem in known and stem[-1] != "s"), word)
