import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import StaticEmbedding
from tokenizers import Tokenizer, models, pre_tokenizers

import st_beast
from beast_core import BeastEncoder, EncoderConfig, load_encoder, write_encoder
from training.evaluate.speed import made_up_words
from training.table import read_table
from training.teach import __main__ as teach
from training.vectors import open_teacher

VECTORS = {"[UNK]": [0, 0, 0], "sol": [3, 4, 0], "mar": [0, 2, 2], "el": [1, 0, 0], "la": [0, 0, 8]}


@pytest.fixture(scope="module")
def static(tmp_path_factory):
    """A model whose vector of a text is the mean of its words' vectors."""
    tokenizer = Tokenizer(models.WordLevel({word: row for row, word in enumerate(VECTORS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    embedding = StaticEmbedding(tokenizer, embedding_weights=np.array(list(VECTORS.values()), dtype=np.float32))
    folder = tmp_path_factory.mktemp("static")
    SentenceTransformer(modules=[embedding], device="cpu").save(str(folder))
    return folder


def teacher(model, **options):
    return open_teacher("sentence_transformers", options={"model": str(model), **options}, lexicon=None, folder=None)


def mean(*words):
    return np.mean([VECTORS[word] for word in words], axis=0)


def unit(vector):
    return np.divide(vector, np.linalg.norm(vector))


def test_one_template_gives_the_vectors_of_the_model(static):
    found = teacher(static)
    vectors, known = found.lookup(["mar", "sol"])
    assert (found.width, vectors.dtype, known.tolist()) == (3, np.float32, [True, True])
    assert vectors.tolist() == [VECTORS["mar"], VECTORS["sol"]]
    assert found.lookup([])[0].shape == (0, 3)
    assert found.estimate(["sol"]) is None
    np.testing.assert_allclose(teacher(static, templates=["el {}"]).lookup(["sol"])[0][0], mean("el", "sol"))


def test_several_templates_give_the_mean_of_unit_vectors(static):
    vectors, _ = teacher(static, templates=["{}", "el {}", "la {} el"]).lookup(["sol", "mar", "{}"])
    for vector, word in zip(vectors, ["sol", "mar"], strict=False):
        texts = [mean(word), mean("el", word), mean("la", word, "el")]
        np.testing.assert_allclose(vector, np.mean([unit(text) for text in texts], axis=0), atol=1e-6)


def test_a_prompt_a_truncation_and_the_batch_size_reach_the_model(static):
    vectors, _ = teacher(static, prompt="la ", truncate=2, batch_size=1).lookup(["mar", "sol", "sol"])
    expected = [mean("la", "mar")[:2], mean("la", "sol")[:2], mean("la", "sol")[:2]]
    np.testing.assert_allclose(vectors, expected, atol=1e-6)
    with pytest.raises(ValueError, match=r"truncate is 7, but the vectors of .* have 3"):
        teacher(static, truncate=7)


def test_the_identity_is_what_determines_the_vectors(static, tmp_path):
    identity = teacher(static).identity()
    assert teacher(static, batch_size=3).identity() == identity
    for change in ({"templates": ["el {}"]}, {"prompt": "el "}, {"truncate": 2}):
        assert teacher(static, **change).identity() != identity
    model = SentenceTransformer(str(static), device="cpu")
    model[0].embedding.weight.data[1, 1] += 1
    model.save(str(tmp_path / "other"))
    assert teacher(tmp_path / "other").identity()["model"] != identity["model"]


def test_a_folder_teaches_a_word_list_in_one_command(tmp_path, capsys):
    # With a layer, whose norms spread the vectors of an untrained encoder.
    small = {"hidden_width": 32, "layers": 1, "ngram_buckets": 101, "output_width": 24, "projection_width": 0}
    ours = write_encoder(BeastEncoder(EncoderConfig.preset("beast", **small)), tmp_path / "ours")
    folder = st_beast.save(tmp_path / "beast", model=ours)
    words = made_up_words(60)
    (tmp_path / "words.txt").write_text("\n".join(words))
    files = ["--lexicon", str(tmp_path / "words.txt"), "--output", str(tmp_path / "t.parquet"), "--work", str(tmp_path)]
    changes = [
        f"options.model={str(folder)!r}",
        "options.templates=['{}']",
        "centre=false",
        "levels=127",
        "shard_words=16",
    ]
    config = "training/configs/teachers/sentence_transformers.toml"
    teach.main([config, *files, *[part for change in changes for part in ("--set", change)]])
    assert "60 words x 24" in capsys.readouterr().out
    table = read_table(tmp_path / "t.parquet")
    assert table.words == words
    np.testing.assert_allclose(table.vectors, load_encoder(ours).encode(words), atol=5e-3)


def test_bad_options_are_told_at_once(static):
    with pytest.raises(
        ValueError, match=r"options of sentence_transformers: missing key 'model'; unknown key 'modle', did"
    ):
        open_teacher("sentence_transformers", options={"modle": "x"}, lexicon=None, folder=None)
    told = (
        r"templates \['el', '\{\} \{\}'\] do not hold \{\} once, which stands for the word; truncate is -1, should be "
        r"greater than or equal to 0; batch_size is 0, should be greater"
    )
    with pytest.raises(ValueError, match=told):
        teacher(static, templates=["el", "{} {}"], batch_size=0, truncate=-1)
    with pytest.raises(
        ValueError, match=r"model is '', should have at least 1 character; templates is \[\], should have"
    ):
        teacher("", templates=[])
    with pytest.raises(
        ValueError, match=r"templates is '\{\}', should be a valid list; prompt is 1, should be a valid string"
    ):
        teacher(static, templates="{}", prompt=1)
    with pytest.raises(ValueError, match=r"templates \['\{\}', '\{\}'\] repeat one another"):
        teacher(static, templates=["{}", "{}"])
    with pytest.raises(ValueError, match="device 'cdua' cannot be used here"):
        teacher(static, device="cdua")


def test_models_that_are_not_there_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"there is no folder .*nowhere \(model = '.*nowhere'\)"):
        teacher(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"model 'no-one/nothing' is no folder here, and the hub gave no model"):
        teacher("no-one/nothing")
    (tmp_path / "modules.json").write_text("[]")
    (tmp_path / "config.json").write_text("no JSON")
    with pytest.raises(ValueError, match="is not a model that sentence-transformers can load"):
        teacher(tmp_path)
