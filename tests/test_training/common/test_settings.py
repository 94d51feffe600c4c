import json
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest

from beast_core.family import presets
from training.distill.rates import RATES
from training.distill.settings import DistillSettings, read_settings
from training.languages import read_language


@pytest.mark.parametrize("path", sorted(Path("training/configs").glob("*.toml")), ids=lambda path: path.stem)
def test_every_shipped_config_is_valid(path):
    assert read_settings(path).encoder_config().output_width == 256


def test_the_published_recipe_is_the_published_one():
    settings = read_settings("training/configs/published.toml")
    assert (settings.preset, settings.epochs, settings.batch_size) == ("base", 500, 64)
    assert (settings.learning_rate, settings.embedding_learning_rate, settings.weight_decay) == (2e-5, 2e-5, 1e-6)
    assert (settings.noise_share, settings.warmup_share, settings.frequency_power) == (0, 0, 0)
    assert settings.contrast_weight == 0 and not settings.nested_widths


def rates(settings):
    return (settings.batch_size, settings.learning_rate, settings.embedding_learning_rate, settings.warmup_share)


@pytest.mark.parametrize("name", ["beast", "long", "smoke", "finish", "ngrams", "multilingual"])
def test_what_trains_the_shipped_models_trains_at_their_rates(name):
    changed = {"smoke": (4096, 2e-3, 2e-2, 0.05), "finish": (2048, 5e-4, 5e-3, 0.1)}
    settings = read_settings(f"training/configs/{name}.toml")
    assert settings.preset == "beast" and rates(settings) == changed.get(name, (2048, 2e-3, 2e-2, 0.05))


@pytest.mark.parametrize("preset", presets())
def test_a_preset_brings_its_own_rates(preset):
    own = RATES[preset]
    changed = read_settings("training/configs/beast.toml", changes=[f"preset='{preset}'"])
    assert rates(changed) == rates(own) == rates(DistillSettings(table="t.parquet", preset=preset))
    given = read_settings("training/configs/beast.toml", changes=["learning_rate=0.5", f"preset='{preset}'"])
    assert rates(given) == (own.batch_size, 0.5, own.embedding_learning_rate, own.warmup_share)
    if preset != "beast":  # its layers would learn nothing at those
        assert own.learning_rate < RATES["beast"].learning_rate and own.warmup_share > RATES["beast"].warmup_share
        assert read_settings(f"training/configs/{preset}.toml").learning_rate == own.learning_rate


def test_rates_that_a_file_gives_to_one_preset_are_not_for_another():
    finish, to_mini = "training/configs/finish.toml", "preset='mini'"
    message = (
        r"finish\.toml has learning_rate 0\.0005, embedding_learning_rate 0\.005, warmup_share 0\.1 for the preset "
        r"'beast', and preset is 'mini' now: .* or give them too, such as --set learning_rate=0\.0005"
    )
    with pytest.raises(ValueError, match=message):
        read_settings(finish, changes=[to_mini])
    with pytest.raises(ValueError, match=r"published\.toml has batch_size 64, learning_rate 2e-05, .* preset 'base'"):
        read_settings("training/configs/published.toml", changes=[to_mini])
    told = ["learning_rate=1e-4", "embedding_learning_rate=1e-3", "warmup_share=0.3"]
    settings = read_settings(finish, changes=[to_mini, *told])
    assert rates(settings) == (RATES["mini"].batch_size, 1e-4, 1e-3, 0.3)
    assert rates(read_settings(finish, changes=["preset='beast'"])) == rates(read_settings(finish))


def test_settings_are_the_same_when_they_come_back_from_a_checkpoint():
    settings = DistillSettings(table="t.parquet").to_dict()
    assert json.loads(json.dumps(settings)) == settings


def test_changes_override_the_file_and_reach_into_the_encoder():
    settings = read_settings(
        "training/configs/smoke.toml", changes=["epochs=7", "encoder.layers=2", "table='other.parquet'"]
    )
    assert (settings.epochs, settings.table) == (7, "other.parquet")
    assert (settings.encoder["layers"], settings.encoder["hidden_width"]) == (2, 32)


def test_a_language_changes_the_preset_and_the_settings_change_both():
    told = read_language("ru").encoder
    assert told["window"] > 24 and told["ngram_sizes"]
    given = {"table": "t.parquet", "language": "ru"}
    of_language = DistillSettings(**given).encoder_config()
    assert (of_language.window, list(of_language.ngram_sizes)) == (told["window"], told["ngram_sizes"])
    assert of_language.language == "ru"
    changed = DistillSettings(**given, encoder={"window": 30}).encoder_config()
    assert (changed.window, changed.ngram_sizes) == (30, of_language.ngram_sizes)
    transformer = DistillSettings(**given, preset="mini").encoder_config()  # has a window, but no n-grams
    assert transformer.window == told["window"]


def test_all_problems_are_named_at_once(tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text("table = 't.parquet'\nepoch = 3\nlerning_rate = 1\n")
    with pytest.raises(
        ValueError, match=r"unknown key 'epoch', did you mean 'epochs'\?; unknown key 'lerning_rate', did you"
    ):
        read_settings(path)
    path.write_text("table = 't.parquet'\nepochs = 0\nnoise_share = 3\nencoder = { heads = 7 }\n")
    with pytest.raises(
        ValueError,
        match=r"hidden_width 256 is not a multiple of heads 7; epochs is 0, should be greater than or equal to 1;",
    ):
        read_settings(path)
    path.write_text("table = 't.parquet'\nseed = -1\nweight_decay = nan\nlearning_rate = inf\n")
    with pytest.raises(ValueError, match=r"learning_rate is inf.*weight_decay is nan.*seed is -1"):
        read_settings(path)
    path.write_text("table = 't.parquet'\ntemperature = 0\ncontrast_weight = -1\nnested_widths = [0, 64, 256]\n")
    with pytest.raises(
        ValueError,
        match=r"nested_widths holds \[0, 256\].* 256; contrast_weight is -1.*temperature is 0.*aware_share is 1.5",
    ):
        read_settings(path, changes=["quantisation_aware_share=1.5"])
    path.write_text("table = 't.parquet'\nnested_widths = 64\n")
    with pytest.raises(ValueError, match="nested_widths is 64, should be a valid list"):
        read_settings(path)
    with pytest.raises(ValueError, match=r"encoder is 1, should be a valid table"):
        read_settings("training/configs/smoke.toml", changes=["encoder=1"])
    path.write_text("table = 1\nepochs = 'many'\n")
    with pytest.raises(
        ValueError, match=r"table is 1, should be a valid string; epochs is 'many', should be a valid integer"
    ):
        read_settings(path)
    with pytest.raises(ValueError, match="cannot read the change 'epochs'"):
        read_settings("training/configs/smoke.toml", changes=["epochs"])
    with pytest.raises(ValueError, match="unknown preset 'lion', expected one of"):
        read_settings("training/configs/smoke.toml", changes=["preset='lion'", "encoder={}"])
    with pytest.raises(
        ValueError,
        match=r"unknown key 'zzz'.*; known keys: table, tables, marker, language, start, words, preset, enc",
    ):
        read_settings("training/configs/smoke.toml", changes=["zzz=1"])
    with pytest.raises(ValueError, match="'rounded_share', which is called 'quantisation_aware_share' now"):
        read_settings("training/configs/smoke.toml", changes=["rounded_share=0.4"])
    with pytest.raises(ValueError, match=r"epochs is True, should be a valid integer; seed is 1.5, should"):
        read_settings("training/configs/smoke.toml", changes=["epochs=true", "seed=1.5"])
    with pytest.raises(ValueError, match="multiple values for argument 'name'"):
        read_settings("training/configs/smoke.toml", changes=["encoder.name='mini'"])


def test_settings_cannot_be_changed_and_a_copy_is_checked():
    settings = DistillSettings(table="t.parquet", nested_widths=[64])
    assert settings.nested_widths == (64,)
    with pytest.raises(FrozenInstanceError):
        settings.epochs = 3
    with pytest.raises(ValueError, match="epochs"):
        replace(settings, epochs=0)
