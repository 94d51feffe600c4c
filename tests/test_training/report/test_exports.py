from beast_core import EncoderConfig, read_model
from training.report.exports import drawn_model, exports_table, measure_exports


def test_every_export_is_measured_and_gives_the_vectors_of_the_encoder():
    tiny = EncoderConfig.preset("asterisk", hidden_width=8, output_width=6, feed_forward_width=12, layers=1)
    measured = measure_exports({"beast": read_model(), "tiny": drawn_model(tiny)}, words=1001, seconds=0.001)
    ways = ["our own", "onnx", "torch", "word2vec", "gensim", "numpy"]
    assert [(each.model, each.way) for each in measured] == [
        *(("beast", way) for way in ways),
        *(("tiny", way) for way in ways[:3]),
    ]
    assert measured[0].difference == 0 and all(each.difference < 1e-5 for each in measured)
    assert all(each.size and each.load and each.alone and each.many for each in measured)
    assert 11e6 < measured[1].size < 13e6
    table = exports_table(measured, words=1001)
    assert "| beast | our own |" in table and "| beast | gensim (1,001 words) |" in table
