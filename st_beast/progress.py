"""The host's progress bars."""

from collections.abc import Iterator
from contextlib import contextmanager

from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars
from transformers.utils import logging


@contextmanager
def without_progress_bars() -> Iterator[None]:
    """Within, transformers shows no progress bars (of files that take a moment); after it, what was shown before."""
    shown, hub_hidden = logging.is_progress_bar_enabled(), are_progress_bars_disabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()  # and those of the hub
            if hub_hidden:
                disable_progress_bars()
