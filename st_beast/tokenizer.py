"""The rules of `beast_core.encoding` as a pipeline of the `tokenizers` library."""

from collections.abc import Mapping
from typing import Any

from tokenizers import Regex, Tokenizer, decoders, models, normalizers
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from beast_core import EncoderConfig
from beast_core.spelling import AFTER_FOLDING, BEFORE_FOLDING, IGNORED, LONG_HEAD, LONG_TAIL


def byte_tokenizer(
    config: EncoderConfig,
    *,
    first_id: int,
    pad_token: str | None = None,
    markers: Mapping[str, int] | None = None,
    with_mask: bool = True,
) -> PreTrainedTokenizerFast:
    """One id a byte of a word, which is spelt and cut as the encoder has it: `first_id` for 0, and so on.

    `pad_token` has the id 0, or pads with the byte 0 if there is none; `markers` are a token before and one after the
    word, with their ids. `with_mask`: whether it says by itself which ids are padding.

    `ByteLevel` turns each byte into one letter, so the middle of a long word can be cut out by letters. Nothing splits
    the text after that, and the tokens are never looked for in it: no word can spell one.
    """
    letters = _byte_letters()
    tail = config.window // 3
    middle = Regex(rf"(?<=\A.{{{config.window - tail}}}).+(?=.{{{tail}}}\z)")
    vocabulary = {letter: byte + first_id for byte, letter in enumerate(letters)}
    vocabulary |= ({pad_token: 0} if pad_token else {}) | dict(markers or {})
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.normalizer = normalizers.Sequence(
        [*_spelling(config), normalizers.ByteLevel(), normalizers.Replace(middle, "")]
    )
    options: dict[str, Any] = {"pad_token": pad_token or letters[0], "model_max_length": config.window}
    if markers:
        begin, end = markers
        tokenizer.post_processor = TemplateProcessing(single=f"{begin} $A {end}", special_tokens=list(markers.items()))
        options |= {"bos_token": begin, "eos_token": end, "model_max_length": config.window + 2}
    tokenizer.decoder = decoders.ByteLevel()  # for losses that read words from their ids
    if not with_mask:
        options["model_input_names"] = ["input_ids"]
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, split_special_tokens=True, clean_up_tokenization_spaces=False, **options
    )


def _spelling(config: EncoderConfig) -> list[normalizers.Normalizer]:
    """The rules of `beast_core.spelling`."""
    middle = Regex(rf"(?m)(?<=\A.{{{LONG_HEAD}}}).+(?=.{{{LONG_TAIL}}}\z)")
    shortened = normalizers.Replace(middle, "")
    composed = [*([normalizers.Lowercase()] if config.lowercase else []), normalizers.NFC()]
    if config.spelling == 1:
        return [shortened, *composed]
    before, after = (
        [normalizers.Replace(Regex(f"[{letters}]"), text) for letters, text in pairs]
        for pairs in (BEFORE_FOLDING, AFTER_FOLDING)
    )
    ignored = normalizers.Replace(Regex(IGNORED), "")
    folded = [*before, normalizers.NFKC(), *after, *composed]
    return [normalizers.Strip(), shortened, ignored, *folded, normalizers.Strip()]


def _byte_letters() -> list[str]:
    """The letter that byte-level tokenizers write for each of the 256 bytes.

    Printable Latin-1 letters stand for themselves, the other bytes for the letters from U+0100 on, in order (Radford
    et al. 2019, Language Models are Unsupervised Multitask Learners; `tokenizers`, pre_tokenizers/byte_level.rs).
    """
    alphabet = set(ByteLevel.alphabet())
    spare = iter(sorted(letter for letter in alphabet if ord(letter) > 255))
    return [chr(byte) if chr(byte) in alphabet else next(spare) for byte in range(256)]
