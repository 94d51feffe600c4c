"""`nlp.add_pipe("beast_matcher")`: what it finds, what it refuses, and that it goes wherever its pipeline goes."""

import functools
import pickle

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc

from beast_core import ModelFolderError, UnknownLanguageError, WordEncoder, load_encoder
from spacy_beast.matcher import BeastMatcher

PATTERNS = [
    {"label": "ANIMAL", "pattern": "perro"},
    {"label": "ANIMAL", "pattern": "gato", "id": "cat"},
    {"label": "FOOD", "pattern": "aceite de oliva", "threshold": 0.5},
    {"label": "BILL", "pattern": "invoice", "language": "en", "threshold": 0.55},
]
TEXT = "Los perrros y Perro-gatos: aceites de olibas,\n\n factura y aceite de"


@pytest.fixture(scope="module")
def nlp():
    """With the shipped Spanish vectors."""
    nlp = spacy.blank("es")
    nlp.add_pipe("beast_vectors")
    nlp.add_pipe("beast_matcher").add_patterns(PATTERNS)
    return nlp


def found(doc, key="beast"):
    spans = doc.spans[key]
    return [
        (span.text, span.label_, span.id_, round(float(score), 4))
        for span, score in zip(spans, spans.attrs["scores"], strict=True)
    ]


encoder = functools.cache(load_encoder)


def vectors_of(language, *words):
    return encoder(language).encode(words)


def expected(tokens, patterns, *, threshold=0.7):
    """The same by a loop over every token and every word of every pattern."""
    best = {}
    for pattern in patterns:
        words = pattern["pattern"].split()
        of_words = vectors_of(pattern.get("language", "es"), *words)
        for start in range(len(tokens) - len(words) + 1):
            here = tokens[start : start + len(words)]
            cosines = (vectors_of("es", *here) * of_words).sum(axis=1).astype(float).round(5) * [
                not word.isspace() for word in here
            ]
            place = (start, start + len(words), pattern["label"])
            if cosines.min() >= pattern.get("threshold", threshold) and cosines.min() > best.get(place, (0,))[0]:
                best[place] = (cosines.min(), pattern.get("id", pattern["pattern"]))
    return {place: (name, pytest.approx(score, abs=1e-5)) for place, (score, name) in best.items()}


def by_place(doc, key="beast"):
    scores = doc.spans[key].attrs["scores"]
    return {
        (span.start, span.end, span.label_): (span.id_, float(score))
        for span, score in zip(doc.spans[key], scores, strict=True)
    }


def test_what_is_found_is_what_a_loop_over_all_pairs_finds(nlp):
    doc = nlp(TEXT)
    assert by_place(doc) == expected([token.text for token in doc], PATTERNS)
    assert {("perrros", "ANIMAL", "perro"), ("aceites de olibas", "FOOD", "aceite de oliva")} <= {
        entry[:3] for entry in found(doc)
    }
    assert ("factura", "BILL", "invoice") in {entry[:3] for entry in found(doc)}
    assert [span.start for span in doc.spans["beast"]] == sorted(span.start for span in doc.spans["beast"])


@settings(max_examples=15, deadline=None)
@given(
    words=st.lists(
        st.sampled_from(["perro", "perros", "prro", "gatito", "aceite", "aceites", "de", "oliva", " ", "x"])
    ),
    threshold=st.sampled_from([0.3, 0.6, 0.9, 1.0]),
)
def test_any_words_at_any_threshold(nlp, words, threshold):
    matcher = BeastMatcher(nlp, threshold=threshold, spans_key="any")
    matcher.add_patterns(
        [{"label": "A", "pattern": text} for text in ("perro", "aceite de oliva", "de", "perro perro")]
    )
    doc = matcher(Doc(nlp.vocab, words=words))
    assert by_place(doc, "any") == expected(words, matcher.patterns)


def test_each_new_word_is_computed_once_whatever_the_number_of_keywords(monkeypatch):
    nlp = spacy.blank("es")
    nlp.add_pipe("beast_vectors")
    matcher = nlp.add_pipe("beast_matcher")
    keywords = [f"palabra{number}" for number in range(100)]
    matcher.add_patterns([{"label": "A", "pattern": keyword} for keyword in keywords])
    asked, encode = [], WordEncoder.encode
    monkeypatch.setattr(WordEncoder, "encode", lambda self, words: (asked.append(list(words)), encode(self, words))[1])
    list(nlp.pipe(["uno dos tres", "dos cuatro", "uno cinco"], batch_size=8))
    list(nlp.pipe(["uno dos tres", "dos cuatro", "uno seis"], batch_size=8))
    assert asked == [keywords, ["uno", "dos", "tres", "cuatro", "cinco"], ["seis"]]


def test_few_words_are_remembered_where_the_cache_is_small():
    nlp = spacy.blank("es")
    nlp.add_pipe("beast_vectors", config={"cache_size": 4})
    nlp.add_pipe("beast_matcher").add_patterns(PATTERNS[:1])
    texts = [f"perro uno{number} dos{number} perros" for number in range(50)]
    assert all(len(doc.spans["beast"]) == 2 for doc in nlp.pipe(texts, batch_size=3))
    assert len(nlp.get_pipe("beast_matcher")._near) <= 4 + 2 + 6


def test_it_brings_its_own_model_where_the_pipeline_has_other_vectors_or_none(nlp, tmp_path):
    alone = spacy.blank("es")
    alone.add_pipe("beast_matcher").add_patterns(PATTERNS)
    assert found(alone(TEXT)) == found(nlp(TEXT)) and not alone("perro")[0].has_vector
    assert alone.meta["license"] == "CC-BY-SA-4.0" and alone.meta["sources"]
    german = spacy.blank("es")
    german.add_pipe("beast_matcher", config={"language": "de"}).add_patterns([{"label": "A", "pattern": "Hund"}])
    assert [entry[0] for entry in found(german("der Hunde perro"))] == ["Hunde"]
    again = spacy.blank("es").from_config(german.config).from_bytes(german.to_bytes())
    assert found(again("der Hunde perro")) == found(german("der Hunde perro"))


def test_it_is_saved_with_its_pipeline_and_found_without_an_import(nlp, tmp_path, run_fresh):
    nlp.to_disk(tmp_path / "saved")
    assert (tmp_path / "saved" / "beast_matcher").stat().st_size < 5000  # the weights are those of the vocab
    printed = run_fresh(
        "import spacy, sys; doc = spacy.load(sys.argv[1])(sys.argv[2]); spans = doc.spans['beast']\n"
        "print([(s.text, s.label_, s.id_, round(float(x), 4)) for s, x in zip(spans, spans.attrs['scores'])])",
        tmp_path / "saved",
        TEXT,
    )
    assert printed.strip() == str(found(nlp(TEXT)))
    assert pickle.loads(pickle.dumps(nlp)).get_pipe("beast_matcher").patterns == nlp.get_pipe("beast_matcher").patterns
    (tmp_path / "saved" / "beast_matcher").unlink()
    with pytest.raises(ModelFolderError, match=r"the patterns of 'beast_matcher' are missing: there is no file"):
        spacy.load(tmp_path / "saved")


def test_its_own_weights_are_saved_too(model_path, tmp_path):
    nlp = spacy.blank("es")
    nlp.add_pipe("beast_matcher", config={"model": model_path, "threshold": 0.9}).add_patterns(PATTERNS[:3])
    nlp.config["components"]["beast_matcher"]["model"] = str(tmp_path / "gone")
    nlp.to_disk(tmp_path / "saved")
    assert found(spacy.load(tmp_path / "saved")(TEXT)) == found(nlp(TEXT)) != []


def test_damaged_patterns_are_refused_whole(nlp):
    matcher = nlp.get_pipe("beast_matcher")
    data = matcher.to_bytes()
    other = BeastMatcher(nlp)
    for damaged in (data[:50], b"", data.replace(b"threshold", b"threshald"), data.replace(b"invoice", b"invoite", 1)):
        with pytest.raises(ModelFolderError, match="save or send them again"):
            other.from_bytes(damaged)
        assert len(other) == 0
    assert other.from_bytes(data).to_bytes() == data


def test_several_processes_find_what_one_finds(nlp):
    texts = [f"{TEXT} nuevo{number}" for number in range(12)]
    one = [found(doc) for doc in nlp.pipe(texts)]
    assert [found(doc) for doc in nlp.pipe(texts, n_process=2, batch_size=3)] == one


def test_patterns_are_added_and_removed_and_come_from_a_configuration(nlp):
    matcher = BeastMatcher(nlp)
    assert found(matcher(nlp.make_doc(TEXT))) == [] and len(matcher) == 0
    matcher.add_patterns(PATTERNS)
    assert matcher.labels == ("ANIMAL", "BILL", "FOOD") and "FOOD" in matcher and len(matcher) == 4
    matcher.remove("ANIMAL")
    assert {label for _, label, _, _ in found(matcher(nlp.make_doc(TEXT)))} == {"BILL", "FOOD"}
    with pytest.raises(ValueError, match=r"has the label 'ANIMAL', expected one of \('BILL', 'FOOD'\)"):
        matcher.remove("ANIMAL")
    config = {"nlp": {"lang": "es", "pipeline": ["m"]}, "components": {"m": {"factory": "beast_matcher"}}}
    config["initialize"] = {"components": {"m": {"patterns": PATTERNS[:2]}}}
    trained = spacy.blank("es").from_config(config)
    trained.initialize()
    assert [entry[0] for entry in found(trained("los perros"))] == ["perros"]


def test_what_another_component_found_is_kept_if_asked(nlp):
    ruler = spacy.blank("es")
    ruler.add_pipe("span_ruler", config={"spans_key": "both"}).add_patterns([{"label": "WORD", "pattern": "Los"}])
    config = {"spans_key": "both", "overwrite": False}
    ruler.add_pipe("beast_matcher", config=config).add_patterns(PATTERNS[:1])
    assert [entry[:2] for entry in found(ruler("Los perros"), "both")] == [("Los", "WORD"), ("perros", "ANIMAL")]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"label": "A"}, "pattern is None in .*, expected text, as in"),
        ({"label": "", "pattern": "x"}, "label is '' in"),
        ({"label": "A", "pattern": " \n"}, r"pattern is ' \\n' in"),
        ({"label": "A", "pattern": "\u00ad"}, "in which there is no word"),
        ({"label": "A", "pattern": [{"LOWER": "x"}]}, "pattern is .*expected text"),
        ({"label": "A", "pattern": "x", "treshold": 0.5}, r"has the keys \['treshold'\], expected some of label, pat"),
        ({"label": "A", "pattern": "x", "threshold": 1.5}, "threshold is 1.5, expected a cosine above 0 and at most 1"),
        ({"label": "A", "pattern": "x", "threshold": True}, "threshold is True, expected a cosine"),
        ({"label": "A", "pattern": "x", "threshold": float("nan")}, "threshold is nan, expected a cosine"),
        ({"label": "A", "pattern": "x", "language": 3}, "language is 3 in"),
        ("perro", "a pattern is 'perro', expected a dictionary"),
    ],
)
def test_bad_patterns_are_refused_and_none_of_them_is_added(nlp, wrong, message):
    matcher = BeastMatcher(nlp)
    with pytest.raises(ValueError, match=message):
        matcher.add_patterns([PATTERNS[0], wrong])
    assert len(matcher) == 0


def test_languages_and_spaces_that_do_not_fit_are_refused(nlp, model_path):
    matcher = BeastMatcher(nlp)
    with pytest.raises(UnknownLanguageError, match="no model of the language 'xy' comes with the package"):
        matcher.add_patterns([{"label": "A", "pattern": "x", "language": "xy"}])
    with pytest.raises(UnknownLanguageError, match="no model of the language 'ru'"):
        BeastMatcher(spacy.blank("ru")).add_patterns(PATTERNS[:1])
    with pytest.raises(ValueError, match=r"threshold is 0.*, expected a cosine above 0"):
        spacy.blank("es").add_pipe("beast_matcher", config={"threshold": 0})
    with pytest.raises(ValueError, match="expected one of them"):
        spacy.blank("es").add_pipe("beast_matcher", config={"model": model_path, "language": "es"})


def test_cosines_of_many_words_and_keywords_take_little_memory_at_once(monkeypatch, nlp):
    monkeypatch.setattr("spacy_beast.patterns._COSINES_AT_ONCE", 7)
    matcher = BeastMatcher(nlp)
    matcher.add_patterns(PATTERNS)
    assert found(matcher(nlp.make_doc(TEXT))) == found(nlp(TEXT))
