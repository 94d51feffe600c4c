"""What each family of encoders is made of in the hosts: modules of stock sentence-transformers, and a tokenizer.

`beast_core.stock` says which of our weights goes where; here are the parts that they go into.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

from sentence_transformers.base.modules import Dense, Normalize
from sentence_transformers.sentence_transformer.modules import CNN, Pooling
from torch import nn
from transformers import BltConfig, BltModel, ElectraConfig, ElectraModel, PreTrainedModel, PreTrainedTokenizerFast

from beast_core import EncoderConfig
from beast_core.config import NORM_EPSILON
from beast_core.families.flatten import FlattenConfig
from beast_core.families.ngram import BEGIN_ID, END_ID, POOLINGS, ROTARY_BASE, SYMBOLS, NgramConfig
from beast_core.model_files import WEIGHTS_FILE
from beast_core.stock.ngram import LINEAR_NORM_EPSILON
from beast_core.storage import describe
from st_beast.tokenizer import byte_tokenizer


@dataclass(frozen=True)
class StockParts(ABC):
    """The stock parts of encoders of one family."""

    config: EncoderConfig

    @abstractmethod
    def backbone(self) -> PreTrainedModel:
        """The model of `transformers`, with any weights."""

    @abstractmethod
    def modules(self) -> list[nn.Module]:
        """The modules after it, in the order of `module_folders`, with any weights."""

    @abstractmethod
    def tokenizer(self) -> PreTrainedTokenizerFast:
        """The tokenizer of the backbone."""

    def text_options(self) -> dict[str, Any] | None:
        """What the host calls the tokenizer with, beside its defaults."""
        return None

    @abstractmethod
    def steps(self) -> str | None:
        """Python that makes `vectors` of `words` with the auto classes of `transformers` alone: with `tokenizer` and
        `model` from the `folder`, and `load_file` of safetensors. None if nobody has written it."""


# Entries of the vectors in what the stock model computes beside ours, and throws away.
_UNUSED_WIDTH = 2
# No entropy is above it.
_NO_BOUNDARY = 1e9


# What the host calls a pooling, and how the steps write it.
_POOLED = {"mean": "(states * mask).sum(1) / mask.sum(1)"}


@dataclass(frozen=True)
class NgramParts(StockParts):
    """BLT keeps its encoder side and the last norm. Its patches, which do not reach the output, are few and tiny."""

    config: NgramConfig

    def modules(self) -> list[nn.Module]:
        """See `StockParts.modules`."""
        config, width = self.config, self.config.hidden_width
        pooling = Pooling(width, POOLINGS[config.pooling].stock_mode)
        output = [Dense(config.pooled_width, config.output_width), Normalize()]
        if config.projection_width:
            output.insert(0, Dense(width, config.projection_width, activation_function=nn.GELU()))
        return [pooling, *output]

    def backbone(self) -> PreTrainedModel:
        """See `StockParts.backbone`."""
        config, positions = self.config, self.config.window + 2
        shared = {
            "vocab_size": SYMBOLS,
            "rms_norm_eps": NORM_EPSILON if config.layers else LINEAR_NORM_EPSILON,
            "rope_parameters": {"rope_type": "default", "rope_theta": ROTARY_BASE},
            "max_position_embeddings": positions,
        }
        local = shared | {"hidden_size": config.hidden_width, "num_attention_heads": config.heads, "cross_attn_k": 1}
        local |= {"hidden_size_global": _UNUSED_WIDTH}
        unused = shared | {"hidden_size": _UNUSED_WIDTH, "num_attention_heads": 1, "num_hidden_layers": 0}
        blt = BltConfig(
            vocab_size=SYMBOLS,
            max_position_embeddings=positions,
            cross_attn_k=1,
            local_attention_window_len=None,
            encoder_hash_byte_group_size=list(config.ngram_sizes),
            encoder_hash_byte_group_vocab=max(config.ngram_buckets),
            encoder_config=local | self._layers(),
            decoder_config=local | {"num_hidden_layers": 0},
            global_config=unused,
            # A model of entropies that finds no boundary makes two patches of a word; without it, each byte is one.
            patch_in_forward=True,
            patching_threshold=_NO_BOUNDARY,
            patcher_config=unused | {"sliding_window": None},
            pad_token_id=0,
            bos_token_id=BEGIN_ID,
            eos_token_id=END_ID,
            use_cache=False,
            # The host reads the width of its vectors here, where BLT has none of its own.
            **describe(config) | {"hidden_size": config.hidden_width},
        )
        return BltModel(blt)

    def _layers(self) -> dict[str, int]:
        """Without layers BLT fails, so there is one, as narrow as it can be, whose weights are zeros: what comes in
        goes out."""
        if self.config.layers:
            return {"num_hidden_layers": self.config.layers, "intermediate_size": self.config.feed_forward_width}
        return {"num_hidden_layers": 1, "intermediate_size": 1, "num_key_value_heads": 1}

    def tokenizer(self) -> PreTrainedTokenizerFast:
        """See `StockParts.tokenizer`."""
        markers = {"<w>": BEGIN_ID, "</w>": END_ID}
        return byte_tokenizer(self.config, first_id=1, pad_token="<pad>", markers=markers)

    def steps(self) -> str | None:
        """See `StockParts.steps`."""
        if (pooled := _POOLED.get(POOLINGS[self.config.pooling].stock_mode)) is None:
            return None
        expand = []
        if self.config.projection_width:
            expand = [*_read("expansion", "2_Dense"), f"pooled = functional.gelu({_linear('expansion', 'pooled')})"]
        lines = [
            'features = tokenizer(words, padding=True, return_tensors="pt")',
            'states, mask = model(**features).last_hidden_state, features["attention_mask"][..., None]',
            f"pooled = {pooled}",
            *expand,
            *_read("dense", "3_Dense" if expand else "2_Dense"),
            f"vectors = functional.normalize(torch.tanh({_linear('dense', 'pooled')}))",
        ]
        return "\n".join(lines)


@dataclass(frozen=True)
class FlattenParts(StockParts):
    """ELECTRA, which is BERT without its pooler (whose output would look like a vector and be none); then a convolution
    that is padded so that it has one position, which sees the whole window: a flatten."""

    config: FlattenConfig

    def backbone(self) -> PreTrainedModel:
        """See `StockParts.backbone`."""
        config = self.config
        electra = ElectraConfig(
            vocab_size=256,
            embedding_size=config.hidden_width,
            hidden_size=config.hidden_width,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            intermediate_size=config.feed_forward_width,
            hidden_act=config.activation,
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
        return ElectraModel(electra)

    def modules(self) -> list[nn.Module]:
        """See `StockParts.modules`."""
        config, width = self.config, self.config.output_width
        kernel = 2 * config.window - 1
        convolution = CNN(config.hidden_width, width, kernel_sizes=[kernel], stride_sizes=[config.window])
        return [convolution, Pooling(width, "cls"), Dense(width, width), Normalize()]

    def tokenizer(self) -> PreTrainedTokenizerFast:
        """See `StockParts.tokenizer`. Without a mask, ELECTRA attends to padding as to any byte."""
        return byte_tokenizer(self.config, first_id=0, with_mask=self.config.padding != "attended")

    def text_options(self) -> dict[str, Any]:
        """The whole window takes part, so that it is always filled up."""
        return {"padding": "max_length", "max_length": self.config.window, "truncation": True}

    def steps(self) -> str:
        """See `StockParts.steps`. What was not padded to the whole window is smaller than the kernel: an error."""
        window = self.config.window
        lines = [
            'features = tokenizer(words, padding="max_length", return_tensors="pt")  # never padding=True',
            f"states = model(**features).last_hidden_state  # (words, {window}, {self.config.hidden_width})",
            *_read("flatten", "1_CNN"),
            f'kernel, bias = flatten["convs.0.weight"][..., {window - 1}:], flatten["convs.0.bias"]',
            "vectors = functional.normalize(torch.tanh(functional.conv1d(states.mT, kernel, bias)[..., 0]))",
        ]
        return "\n".join(lines)


def _read(name: str, folder: str) -> list[str]:
    """The step that reads the weights of a module."""
    return [f'{name} = load_file(f"{{folder}}/{folder}/{WEIGHTS_FILE}")']


def _linear(name: str, values: str) -> str:
    """The step that computes a linear layer."""
    return f'functional.linear({values}, {name}["linear.weight"], {name}["linear.bias"])'


PARTS: dict[type[EncoderConfig], type[StockParts]] = {NgramConfig: NgramParts, FlattenConfig: FlattenParts}


def stock_parts(config: EncoderConfig) -> StockParts:
    """The stock parts for a configuration. Raises `ValueError` for a family that has none."""
    if type(config) not in PARTS:
        raise ValueError(
            f"the {config.family!r} family has no stock parts, so that none of its models can be saved for "
            "sentence-transformers: add them to PARTS in st_beast/families.py"
        )
    return PARTS[type(config)](config)
