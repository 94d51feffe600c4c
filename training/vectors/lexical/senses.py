"""The senses that words of all languages share: WordNet's, with MultiWordNet's words, and WikDict's.

A word is known by its language and its spelling, `de:hund`: the same letters in another language are another word.

A sense of WikDict has no place in WordNet. Its words vote for one: each language for the synsets that its words are in,
a word of few synsets more than one of many. Where languages agree, WikDict's words join the synset. The sense also
stays one of its own, for the words that no synset has.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.languages import Language
from training.resources.multiwordnet import Synset, read_lemmas, read_synsets
from training.resources.wikdict import Entry, read_entries
from training.resources.wordnet import WordNet

# The language of WordNet itself, and of the lemmas that English encoders are given.
ENGLISH = "en"
# Greek has no vectors here, but its dictionaries translate into nearly every language that has.
PIVOTS = ("ell",)

# WikDict's parts of speech and WordNet's.
_PARTS = {"n": "n", "pn": "n", "v": "v", "adj": "a", "adv": "r"}
# A word's vote for each of its synsets is their number to this power. A vote is heard if two languages give it, or if
# one does whose word is in that synset alone.
_DOUBT = -0.5
_LEAST_OF_SEVERAL, _LEAST_OF_ONE = 0.5, 0.99
_MOST_SYNSETS = 4  # that a sense joins, if they are equal

Words = Mapping[str, Collection[str]]  # by language


def label(language: str, word: str) -> str:
    """What a word of a language is called where words of all languages are together."""
    return f"{language}:{word}"


@dataclass(frozen=True, slots=True)
class Sense:
    """A sense with the labels of its single words, sorted, and all that English says of it; see `Synset`."""

    words: tuple[str, ...]
    english: tuple[str, ...] = ()
    definition: str = ""
    neighbours: tuple[str, ...] = ()
    antonyms: tuple[str, ...] = ()
    count: int = 0


@dataclass(frozen=True)
class JointSenses:
    """All senses by key, and how often WikDict writes a word how, `{label: {"Hund": 3}}`, where capitals matter."""

    senses: dict[str, Sense]
    written: Mapping[str, Counter[str]]


def read_joint_senses(languages: Sequence[Language], *, debian_root: Path, wikdict: bool) -> JointSenses:
    """The senses of all `languages`; without `wikdict` those of WordNet alone.

    Raises what reading the packages raises, see `training/resources`.
    """
    synsets = read_synsets(WordNet(debian_root))
    members: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for language in languages:
        if language.teacher.multiwordnet:
            for key, lemmas in read_lemmas(language.teacher.multiwordnet, synsets=synsets).items():
                members[key][language.code].update(lemmas)
    for key, synset in synsets.items():
        if key in members or key.startswith("3.0:"):  # of 1.6 only what a language needs
            members[key][ENGLISH].update(synset.english)
    entries: list[Entry] = []
    codes = {language.teacher.wikdict: language.code for language in languages}
    if wikdict:
        entries = read_entries(debian_root, languages=[*codes, *PIVOTS])
    written = {language.teacher.wikdict: language.code for language in languages if language.teacher.written}
    return JointSenses(join(members, synsets=synsets, entries=entries, codes=codes), _written(entries, codes=written))


def join(
    members: Mapping[str, Mapping[str, set[str]]],
    *,
    synsets: Mapping[str, Synset],
    entries: Iterable[Entry],
    codes: Mapping[str, str],
) -> dict[str, Sense]:
    """Synsets with their words (`members`, by key and language) and WikDict's entries, in one dictionary of senses.

    `codes` are our codes of WikDict's languages; words of another language are not kept. A sense of fewer than two
    words that has no English lemma says nothing and is left out.
    """
    joined = {key: {language: set(words) for language, words in of.items()} for key, of in members.items()}
    voters = _Voters(members)
    english = {key: synset.english for key, synset in synsets.items()}
    for number, entry in enumerate(entries):
        words = _words(entry, codes=codes)
        chosen = voters.choose(words, part=_PARTS.get(entry.part_of_speech, ""))
        for key in chosen:
            for language, of in words.items():
                joined[key].setdefault(language, set()).update(of)
        own = f"wikdict:{number:07d}"
        joined[own] = {language: set(of) for language, of in words.items()}
        english[own] = tuple(sorted(words.get(ENGLISH, ()))) or (english.get(chosen[0], ()) if chosen else ())
    senses: dict[str, Sense] = {}
    for key, members_of in sorted(joined.items()):
        labels = sorted(label(language, word) for language, of in members_of.items() for word in of if " " not in word)
        if labels and (len(labels) > 1 or english.get(key)):
            senses[key] = _sense(tuple(labels), synset=synsets.get(key), english=english.get(key, ()))
    return senses


def _sense(words: tuple[str, ...], *, synset: Synset | None, english: tuple[str, ...]) -> Sense:
    if synset is None:
        return Sense(words, english)
    return Sense(words, synset.english, synset.definition, synset.neighbours, synset.antonyms, synset.count)


class _Voters:
    """Which synsets the words of a language are in."""

    def __init__(self, members: Mapping[str, Words]) -> None:
        self._synsets: dict[tuple[str, str], list[str]] = defaultdict(list)
        for key, of in members.items():
            for language, words in of.items():
                for word in words:
                    self._synsets[language, word].append(key)

    def choose(self, words: Words, *, part: str) -> list[str]:
        """The synsets that most of the votes are for, none if nobody is sure. `part` of speech may be unknown."""
        votes: dict[str, float] = defaultdict(float)
        voters: Counter[str] = Counter()
        for language, of in words.items():
            strongest: dict[str, float] = {}
            for word in of:
                keys = [key for key in self._synsets.get((language, word), ()) if not part or _part(key) == part]
                for key in keys:
                    strongest[key] = max(strongest.get(key, 0.0), len(keys) ** _DOUBT)
            for key, vote in strongest.items():
                votes[key] += vote
            voters.update(strongest.keys())
        if not votes:
            return []
        ranked = sorted(votes.items(), key=lambda vote: (-vote[1], vote[0]))
        best, most = ranked[0]
        sure = most >= _LEAST_OF_ONE or (voters[best] > 1 and most >= _LEAST_OF_SEVERAL)
        return [key for key, vote in ranked[:_MOST_SYNSETS] if vote >= 0.999 * most] if sure else []


def _part(key: str) -> str:
    """The part of speech of a synset such as `3.0:n02084071`."""
    return key.partition(":")[2][0]


def _words(entry: Entry, *, codes: Mapping[str, str]) -> dict[str, set[str]]:
    """The words of an entry in lower case, by our codes."""
    words: dict[str, set[str]] = defaultdict(set)
    for language, written in _spellings(entry, codes=codes):
        words[language].add(written.lower())
    return words


def _spellings(entry: Entry, *, codes: Mapping[str, str]) -> list[tuple[str, str]]:
    pairs = [(entry.language, entry.headword)]
    pairs += [(language, word) for language, words in entry.translations.items() for word in words]
    return [(codes[language], word) for language, word in pairs if language in codes]


def _written(entries: Iterable[Entry], *, codes: Mapping[str, str]) -> dict[str, Counter[str]]:
    written: dict[str, Counter[str]] = defaultdict(Counter)
    for entry in entries:
        for language, word in _spellings(entry, codes=codes):
            written[label(language, word.lower())][word] += 1
    return written
