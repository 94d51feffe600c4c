import numpy as np
import torch

from beast_core import encode_words
from training.distill.batches import Batches
from training.distill.settings import read_settings
from training.table import read_table


def make(tiny_table, tiny_settings, **changes):
    options = {"batch_size": 64, "language": "es", "noise_share": 0.5, "frequency_power": 0.0, "seed": 3, **changes}
    return Batches(read_table(tiny_table), config=read_settings(tiny_settings).encoder_config(), **options)


def test_an_epoch_sees_every_seen_word_with_its_own_vector_and_no_held_out_word(tiny_table, tiny_settings):
    batches, table = make(tiny_table, tiny_settings, noise_share=0.0), read_table(tiny_table)
    of_bytes = {}
    word_bytes, _ = encode_words(table.words, config=batches.config)
    for row, letters in enumerate(word_bytes):
        of_bytes[letters.tobytes()] = row
    seen = set()
    for batch in batches.epoch(0):
        assert len(batch.lengths) == 64
        for letters, target in zip(batch.word_bytes.numpy(), batch.candidates[batch.rows].numpy(), strict=True):
            row = of_bytes[letters.tobytes()]
            seen.add(row)
            np.testing.assert_array_equal(target, table.vectors[row])
    assert seen == set(np.flatnonzero(~table.held_out).tolist())
    assert table.held_out.any()


def test_frequent_words_are_drawn_more_often_as_their_share_asks_for(tiny_table, tiny_settings):
    table = read_table(tiny_table)
    weights = 10 ** (0.15 * table.frequencies[~table.held_out])  # occurrences to the power of 0.15
    expected = len(weights) * weights / weights.sum()
    batches = make(tiny_table, tiny_settings, noise_share=0.0, frequency_power=0.15, batch_size=len(weights))
    (batch,) = batches.epoch(0)
    row_of = {word.tobytes(): row for row, word in enumerate(encode_words(batches.words, config=batches.config)[0])}
    drawn = np.bincount([row_of[word.tobytes()] for word in batch.word_bytes.numpy()], minlength=len(weights))
    assert (abs(drawn - expected) < 1 + 1e-6).all() and drawn.max() == 3 and drawn.min() == 0
    assert len(batch.candidates) == (drawn > 0).sum()  # those of a word that was drawn twice are one


def test_parts_of_a_batch_make_up_the_batch_noise_included(tiny_table, tiny_settings):
    batches = make(tiny_table, tiny_settings, frequency_power=0.15)
    whole = list(batches.epoch(1))
    parts = [list(batches.epoch(1, part=part, parts=2)) for part in range(2)]
    for index, batch in enumerate(whole):
        for part in range(2):
            assert torch.equal(batch.word_bytes[part::2], parts[part][index].word_bytes)
            assert torch.equal(batch.lengths[part::2], parts[part][index].lengths)
            assert torch.equal(batch.rows[part::2], parts[part][index].rows)
            assert torch.equal(batch.candidates, parts[part][index].candidates)


def test_a_later_start_gives_the_same_batches_and_epochs_differ(tiny_table, tiny_settings):
    batches = make(tiny_table, tiny_settings)
    whole, later = list(batches.epoch(0)), list(batches.epoch(0, start=4))
    assert all(torch.equal(a.word_bytes, b.word_bytes) for a, b in zip(whole[4:], later, strict=True))
    assert not torch.equal(whole[0].word_bytes, next(batches.epoch(1)).word_bytes)


def test_about_the_asked_share_is_misspelt(tiny_table, tiny_settings):
    clean = torch.cat([batch.word_bytes for batch in make(tiny_table, tiny_settings, noise_share=0.0).epoch(0)])
    noisy = torch.cat([batch.word_bytes for batch in make(tiny_table, tiny_settings, noise_share=0.5).epoch(0)])
    changed = (clean != noisy).any(dim=1).float().mean().item()
    assert 0.3 < changed < 0.5  # some rules have nothing to do in a word
