from training.evaluate.training_curve import draw_training_curve
from training.run_folder import LogLine

LINE = {"epoch": 1.0, "loss": 0.5, "cosine": 0.6, "learning_rate": 1e-3}


def test_a_log_is_drawn_with_and_without_held_out_words():
    lines = [LogLine(**LINE, step=step, held_out_cosine=0.1 * step if step % 2 else None) for step in range(6)]
    with_held_out = draw_training_curve(lines)
    without = draw_training_curve([LogLine(**LINE, step=line.step) for line in lines])
    for picture in (with_held_out, without):
        assert picture.startswith(b"\x89PNG\r\n\x1a\n")
        assert (int.from_bytes(picture[16:20]), int.from_bytes(picture[20:24])) == (1100, 825)
    assert with_held_out != without
