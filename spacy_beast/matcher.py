"""The pipeline component `beast_matcher`: finds words that are near given ones, whatever their spelling.

spaCy imports this module in every process that makes a pipeline, with or without BEAST: it must not fail.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Self

import numpy as np
import srsly
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example
from spacy.util import minibatch
from thinc.backends import get_array_ops

from beast_core import ModelFolderError, WordEncoder, check_same_space
from beast_core.files import write_file
from spacy_beast.foreign_words import ForeignWords, Word
from spacy_beast.languages import check_choice, language_of
from spacy_beast.patterns import Match, Pattern, Terms, check_threshold, find_matches, read_pattern
from spacy_beast.pipeline_files import give_credit
from spacy_beast.vectors import BeastVectors
from spacy_beast.weights import unpack_message
from spacy_beast.words import has_vector


@Language.factory(
    "beast_matcher",
    assigns=["doc.spans"],
    default_config={"threshold": 0.7, "spans_key": "beast", "overwrite": True, "model": None, "language": None},
)
def make_beast_matcher(
    nlp: Language,
    *,
    name: str,
    threshold: float,
    spans_key: str,
    overwrite: bool,
    model: str | None,
    language: str | None,
) -> "BeastMatcher":
    """Makes the component, which has no patterns yet: `add_patterns` gives it some.

    - `threshold`: from which cosine on a token is near a word, for patterns that name no threshold of their own.
    - `spans_key`: where in `doc.spans` the matches go; `overwrite` says whether they replace what is there.
    - `model`, `language`: whose vectors are compared; as for `beast_vectors`. With neither, those of the pipeline if
      they are BEAST's, or else the model of the pipeline's language, which the component then has for itself: so it
      works in any pipeline, with other vectors too.

    Raises `ValueError` for a bad threshold, and for both a model and a language.
    """
    return BeastMatcher(
        nlp, name=name, threshold=threshold, spans_key=spans_key, overwrite=overwrite, model=model, language=language
    )


class BeastMatcher:
    """The component behind `beast_matcher`, used as spaCy's `SpanRuler` is:

        matcher = nlp.add_pipe("beast_matcher", config={"threshold": 0.65})
        matcher.add_patterns([{"label": "ANIMAL", "pattern": "perro"}, {"label": "FOOD", "pattern": "aceite de oliva"}])
        doc = nlp("Los perritos ladran.")
        for span in doc.spans["beast"]:
            print(span.text, span.label_, span.id_)  # perritos ANIMAL perro

    A token matches a word if the cosine of their vectors is at least the threshold; a term of several words matches as
    many tokens in a row, each near the word in its place. `doc.spans[spans_key].attrs["scores"]` has the least of
    these cosines for each span. Spans may overlap: `spacy.util.filter_spans` keeps the longest.

    The keys of a pattern: `label` and `pattern` (the keyword), and if wanted `threshold`, `id` (of the spans; else the
    keyword) and `language`, that of a keyword in another language than the text, which a model of the same space must
    come for. The patterns are saved with the pipeline, with the vectors of such keywords.

    Each new word is compared with all keywords at once, and what is found is kept for as many words as the vectors are.
    """

    def __init__(
        self,
        nlp: Language,
        *,
        name: str = "beast_matcher",
        threshold: float = 0.7,
        spans_key: str = "beast",
        overwrite: bool = True,
        model: str | None = None,
        language: str | None = None,
    ) -> None:
        check_choice(model, language=language)
        self.nlp, self.name = nlp, name
        self.threshold, self.spans_key, self.overwrite = check_threshold(threshold), spans_key, overwrite
        self._of_pipeline = model is None and language is None
        if self._of_pipeline:
            language = language_of(str(nlp.lang))
        self._own = BeastVectors(strings=nlp.vocab.strings, model=model, language=language)
        # The terms and the encoder that computed their words; of keys of tokens, which words they are near.
        self._made: tuple[WordEncoder, Terms] | None = None
        self._near: dict[int, dict[int, float]] = {}
        self.clear()

    @property
    def vectors(self) -> BeastVectors:
        """Those whose cosines are compared: the pipeline's if they are BEAST's and no others were asked for."""
        present = self.nlp.vocab.vectors
        return present if self._of_pipeline and isinstance(present, BeastVectors) else self._own

    @property
    def patterns(self) -> list[dict[str, Any]]:
        """All patterns, as `add_patterns` takes them."""
        return [pattern.as_dict() for pattern in self._patterns]

    @property
    def labels(self) -> tuple[str, ...]:
        """Their labels, in the order of the alphabet."""
        return tuple(sorted({pattern.label for pattern in self._patterns}))

    def __len__(self) -> int:
        return len(self._patterns)

    def __contains__(self, label: str) -> bool:
        return any(pattern.label == label for pattern in self._patterns)

    def clear(self) -> None:
        """Forgets all patterns."""
        self._set([], foreign=ForeignWords())

    def add_patterns(self, patterns: Iterable[Mapping[str, Any]]) -> None:
        """Adds patterns, all of them or, on an error, none.

        Raises `ValueError` for one that says something else than a pattern can, that has no word, or whose language has
        vectors of another space; `FileNotFoundError` (for a language, `beast_core.UnknownLanguageError`) or
        `beast_core.ModelFolderError` if there is no model.
        """
        new = [read_pattern(pattern, threshold=self.threshold) for pattern in patterns]
        for pattern in new:
            if not self._words(pattern):
                raise ValueError(
                    f"pattern is {pattern.pattern!r:.60}, in which there is no word: expected at least one"
                )
        foreign = self._foreign.joined(word for pattern in new for word in self._words(pattern) if word[1])
        check_same_space({"keywords in other languages": foreign.space, "the text": self.vectors.encoder.space})
        self._set([*self._patterns, *new], foreign=foreign)
        for credits in [*([self._own.credits] if self.vectors is self._own else []), *foreign.credits]:
            give_credit(self.nlp.meta, credits=credits)

    def remove(self, label: str) -> None:
        """Forgets the patterns of a label. Raises `ValueError` if there are none."""
        if label not in self:
            raise ValueError(f"no pattern of {self.name!r} has the label {label!r}, expected one of {self.labels}")
        self._set([pattern for pattern in self._patterns if pattern.label != label], foreign=self._foreign)

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        patterns: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        """Takes the patterns of `[initialize.components]` in a configuration, in place of those it has."""
        if patterns:
            self.clear()
            self.add_patterns(patterns)

    def __call__(self, doc: Doc) -> Doc:
        """Puts the matches of a document into its `spans`."""
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """The same of each document; the new words of `batch_size` documents are compared together."""
        for docs in map(list, minibatch(stream, size=batch_size)):
            keys = [doc.to_array(self.vectors.attr).tolist() for doc in docs]
            near = self._near_words(keys) if self._patterns else {}
            for doc, of_doc in zip(docs, keys, strict=True):
                matches = find_matches([near[key] for key in of_doc], terms=self._terms()) if self._patterns else []
                self._annotate(doc, matches)
                yield doc

    def _annotate(self, doc: Doc, matches: list[Match]) -> None:
        spans = [
            Span(doc, start, end, label=pattern.label, span_id=pattern.id or pattern.pattern)
            for start, end, pattern, _ in matches
        ]
        scores = [match.score for match in matches]
        if self.spans_key in doc.spans and not self.overwrite:
            there = doc.spans[self.spans_key]
            spans = [*there, *spans]
            scores = [*there.attrs.get("scores", [1.0] * len(there)), *scores]
        attrs = {"scores": np.array(scores, dtype=np.float32)}
        doc.spans[self.spans_key] = SpanGroup(doc, name=self.spans_key, spans=spans, attrs=attrs)

    def _near_words(self, keys: Iterable[list[int]]) -> dict[int, dict[int, float]]:
        """For each key of a token, which words of the terms it is near, see `Terms.near`."""
        terms, known = self._terms(), self._near
        wanted = dict.fromkeys(chain.from_iterable(keys))
        new = [key for key in wanted if key not in known]
        if not new:
            return known
        vectors = self.vectors.get_batch(np.array(new, dtype=np.uint64))
        found = dict(zip(new, terms.near(get_array_ops(vectors).to_numpy(vectors)), strict=True))
        if len(known) + len(found) > self.vectors.cache_size:
            known = self._near = {key: known[key] for key in wanted if key in known}
        known.update(found)
        return known

    def _terms(self) -> Terms:
        """The patterns by their words, made again where the pipeline has got other vectors since."""
        encoder = self.vectors.encoder
        if self._made is None or self._made[0] is not encoder:
            check_same_space({"keywords in other languages": self._foreign.space, "the text": encoder.space})
            words_of = [(pattern, self._words(pattern)) for pattern in self._patterns]
            ours = list(dict.fromkeys(word for _, words in words_of for word in words if not word[1]))
            computed = zip(ours, encoder.encode([text for text, _ in ours]), strict=True)
            self._made, self._near = (encoder, Terms(words_of, vectors=self._foreign.vectors | dict(computed))), {}
        return self._made[1]

    def _words(self, pattern: Pattern) -> list[Word]:
        """The words of a keyword by the pipeline's tokenizer, as the text's are taken, without white space."""
        doc = self.nlp.make_doc(pattern.pattern)
        words = [doc.vocab.strings[key] for key in doc.to_array(self.vectors.attr).tolist()]
        return [(word, pattern.language or "") for word in words if has_vector(word)]

    def _set(self, patterns: list[Pattern], *, foreign: ForeignWords) -> None:
        self._patterns, self._foreign = patterns, foreign
        self._made, self._near = None, {}

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """The patterns, and the weights of a model that the component has for itself."""
        own = self._own.to_bytes() if self._patterns and self.vectors is self._own else b""
        patterns = {"patterns": self.patterns, "foreign": self._foreign.as_message(), "vectors": own}
        return bytes(srsly.msgpack_dumps(patterns))

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> Self:
        """Takes over what `to_bytes` gave. Raises `beast_core.ModelFolderError` for anything else."""
        message: dict[str, Any] = unpack_message(data, expected="what the to_bytes of beast_matcher gives")
        try:
            patterns = [read_pattern(given, threshold=self.threshold) for given in message["patterns"]]
            foreign = ForeignWords.of_message(message["foreign"])
            if missing := {word for each in patterns if each.language for word in self._words(each)} - {
                *foreign.vectors
            }:
                raise ValueError(f"there is no vector of {sorted(missing)[0]}")
            own = bytes(message["vectors"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ModelFolderError(
                f"the patterns of {self.name!r} are damaged ({type(error).__name__}: {error}): save or send them again"
            ) from error
        if own:
            self._own.from_bytes(own)
        self._set(patterns, foreign=foreign)
        return self

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Writes what `to_bytes` gives to a file."""
        write_file(Path(path), self.to_bytes())

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Self:
        """Takes over what `to_disk` wrote. Raises `beast_core.ModelFolderError` where it is missing or damaged."""
        if not Path(path).is_file():
            raise ModelFolderError(
                f"the patterns of {self.name!r} are missing: there is no file {path}, as when saving was interrupted; "
                f'save the pipeline again, or load it with exclude=["{self.name}"]'
            )
        return self.from_bytes(Path(path).read_bytes())
