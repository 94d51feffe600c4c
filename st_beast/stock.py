"""An encoder as a model of stock sentence-transformers parts, whose folder loads without this package.

`beast_core.stock` says which of our weights goes where; this file builds the parts that they go into.
"""

import tempfile
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense, Normalize, Transformer
from sentence_transformers.sentence_transformer.modules import CNN, Pooling
from tokenizers import Regex, Tokenizer, models, normalizers
from tokenizers.pre_tokenizers import ByteLevel
from tokenizers.processors import TemplateProcessing
from torch import Tensor, nn
from transformers import BertConfig, BertModel, BltConfig, BltModel, PreTrainedModel, PreTrainedTokenizerFast

from beast_core import BeastEncoder, EncoderConfig
from beast_core.layers import BEGIN_ID, END_ID, NORM_EPSILON, ROTARY_BASE, SYMBOLS
from beast_core.stock import LINEAR_NORM_EPSILON, module_folders, to_stock
from beast_core.storage import WEIGHTS_FILE, describe

_PAD, _BEGIN, _END = "<pad>", "<w>", "</w>"


def stock_model(encoder: BeastEncoder, **options: Any) -> SentenceTransformer:
    """The encoder as a `SentenceTransformer` of stock modules on the CPU, with a copy of its weights in float32.

    `options` are `SentenceTransformer`'s: prompts, similarity function, truncation.
    """
    config = encoder.config
    state = {name: value.float() for name, value in encoder.weights().items()}
    tensors = to_stock(state, config=config)
    with torch.device("meta"):
        backbone, *modules = _ngram_parts(config) if config.family == "ngram" else _flatten_parts(config)
    for folder, module in zip(module_folders(config), [backbone, *modules], strict=True):
        _fill(module, tensors.get(folder, {}))
    modules.insert(0, _transformer(backbone, config))
    return SentenceTransformer(modules=modules, device="cpu", **options)


def halve_weights(folder: Path) -> None:
    """Keeps those weights of a saved backbone in float16 of which nothing is lost, as of all of a compact folder's.

    The host makes float32 of them when it loads them: `config.json` says so.
    """
    file, halved = folder / WEIGHTS_FILE, folder / f"half_{WEIGHTS_FILE}"
    tensors = load_file(file)
    exact = {name: half for name, value in tensors.items() if (half := value.half()).float().equal(value)}
    save_file(tensors | exact, halved, metadata={"format": "pt"})
    halved.replace(file)


def _ngram_parts(config: EncoderConfig) -> list[nn.Module]:
    """BLT keeps its encoder side and the last norm. Its patches, which do not reach the output, are made tiny."""
    width, positions = config.hidden_width, config.window + 2
    shared = {
        "rms_norm_eps": NORM_EPSILON if config.layers else LINEAR_NORM_EPSILON,
        "rope_parameters": {"rope_type": "default", "rope_theta": ROTARY_BASE},
        "max_position_embeddings": positions,
    }
    local = shared | {
        "vocab_size": SYMBOLS,
        "hidden_size": width,
        "num_attention_heads": config.heads,
        "intermediate_size": config.feed_forward_width if config.layers else 2,
        "cross_attn_k": 1,
        "hidden_size_global": 2,
    }
    unused = shared | {"num_attention_heads": 1, "num_hidden_layers": 0, "intermediate_size": 2}
    blt = BltConfig(
        vocab_size=SYMBOLS,
        max_position_embeddings=positions,
        patch_in_forward=False,
        cross_attn_k=1,
        local_attention_window_len=None,
        encoder_hash_byte_group_size=list(config.ngram_sizes),
        encoder_hash_byte_group_vocab=max(config.ngram_buckets),
        # Without layers BLT fails, so there is one, whose weights are zeros: what comes in goes out.
        encoder_config=local | {"num_hidden_layers": max(1, config.layers)},
        decoder_config=local | {"num_hidden_layers": 0},
        global_config=unused | {"hidden_size": 2},
        patcher_config=unused | {"hidden_size": width},  # never built; the host reads the width of its vectors here
        pad_token_id=0,
        bos_token_id=BEGIN_ID,
        eos_token_id=END_ID,
        use_cache=False,
        **describe(config),
    )
    hidden = [Dense(width, config.projection_width, activation_function=nn.GELU())] if config.projection_width else []
    output = Dense(config.projection_width or width, config.output_width)
    return [BltModel(blt), Pooling(width, "mean"), *hidden, output, Normalize()]


def _flatten_parts(config: EncoderConfig) -> list[nn.Module]:
    """BERT, then a convolution that is padded so that it has one position, which sees the whole window: a flatten."""
    bert = BertConfig(
        vocab_size=256,
        hidden_size=config.hidden_width,
        num_hidden_layers=config.layers,
        num_attention_heads=config.heads,
        intermediate_size=config.feed_forward_width,
        max_position_embeddings=config.window,
        type_vocab_size=1,
        layer_norm_eps=NORM_EPSILON,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        is_decoder=config.causal,
        # Padding is the byte 0 behind a mask, and is trained like any other byte, as in our encoder.
        pad_token_id=None,
        use_cache=False,
        **describe(config),
    )
    kernel, output = 2 * config.window - 1, config.output_width
    convolution = CNN(config.hidden_width, output, kernel_sizes=[kernel], stride_sizes=[config.window])
    return [BertModel(bert), convolution, Pooling(output, "cls"), Dense(output, output), Normalize()]


def _fill(module: nn.Module, tensors: dict[str, Tensor]) -> None:
    """Gives a module without storage its weights; those that do not reach the output are zeros."""
    unused = {name: torch.zeros(value.shape) for name, value in module.state_dict().items() if name not in tensors}
    module.load_state_dict({name: value.clone() for name, value in (tensors | unused).items()}, assign=True)


def _transformer(backbone: PreTrainedModel, config: EncoderConfig) -> Transformer:
    with tempfile.TemporaryDirectory() as folder:
        backbone.save_pretrained(folder)
        _tokenizer(config).save_pretrained(folder)
        text = {"padding": "max_length", "max_length": config.window, "truncation": True}
        return Transformer(
            folder,
            # Ends up in the saved folder, which must not vary with HF_HUB_OFFLINE.
            processor_kwargs={"local_files_only": True},
            processing_kwargs={"text": text} if config.family == "flatten" else None,
        )


def _tokenizer(config: EncoderConfig) -> PreTrainedTokenizerFast:
    """The rules of `beast_core.encoding` as a `tokenizers` pipeline: one id a byte.

    `ByteLevel` turns each byte into one letter, so the middle of a long word can be cut out by letters. Nothing splits
    the text after that, and the markers are never looked for in it: no word can spell one.
    """
    letters = _byte_letters()
    tail = config.window // 3
    middle = Regex(rf"(?<=\A.{{{config.window - tail}}}).+(?=.{{{tail}}}\z)")
    spelling = [normalizers.Lowercase()] if config.lowercase else []
    options: dict[str, Any] = {"pad_token": letters[0], "model_max_length": config.window}
    vocabulary = {letter: byte for byte, letter in enumerate(letters)}
    if config.family == "ngram":
        options = {"pad_token": _PAD, "bos_token": _BEGIN, "eos_token": _END, "model_max_length": config.window + 2}
        vocabulary = {letter: byte + 1 for byte, letter in enumerate(letters)}
        vocabulary |= {_PAD: 0, _BEGIN: BEGIN_ID, _END: END_ID}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.normalizer = normalizers.Sequence(
        [*spelling, normalizers.NFC(), normalizers.ByteLevel(), normalizers.Replace(middle, "")]
    )
    if config.family == "ngram":
        markers = [(_BEGIN, BEGIN_ID), (_END, END_ID)]
        tokenizer.post_processor = TemplateProcessing(single=f"{_BEGIN} $A {_END}", special_tokens=markers)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, split_special_tokens=True, clean_up_tokenization_spaces=False, **options
    )


def _byte_letters() -> list[str]:
    """The letter that byte-level tokenizers write for each of the 256 bytes.

    Printable Latin-1 letters stand for themselves, the other bytes for the letters from U+0100 on, in order (Radford
    et al. 2019, Language Models are Unsupervised Multitask Learners; `tokenizers`, pre_tokenizers/byte_level.rs).
    """
    alphabet = set(ByteLevel.alphabet())
    spare = iter(sorted(letter for letter in alphabet if ord(letter) > 255))
    return [chr(byte) if chr(byte) in alphabet else next(spare) for byte in range(256)]
