import pytest

from beast_core import BeastEncoder, EncoderConfig, write_encoder
from training.pipeline import main


def test_a_model_of_another_language_makes_no_pipeline_but_one_for_any(tmp_path):
    shape = {"hidden_width": 8, "heads": 2, "feed_forward_width": 8, "ngram_buckets": 11, "output_width": 4}
    model = write_encoder(BeastEncoder(EncoderConfig.preset("beast", **shape, language="de")), tmp_path / "model")
    made = tmp_path / "made"
    with pytest.raises(SystemExit, match=r"the model .* is of the language 'de', --language is of the language 'es'"):
        main([str(model), str(made)])
    assert not made.exists()
    for language in ("xx", "de"):
        main([str(model), str(made), "--language", language])
        assert f'lang = "{language}"' in (made / "config.cfg").read_text()
