"""The command: `python -m beast_core.published CHECKPOINT OUTPUT --heads 16`."""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import fields

from beast_core.families.flatten import ACTIVATIONS, INPUT_NORMS, PADDINGS
from beast_core.published.checkpoint import ModuleNames, Unsaid, convert_checkpoint
from beast_core.storage import Model, write_model

_MODULES = [each.name for each in fields(ModuleNames)]
# What is taken for granted of any checkpoint, as no weights say it and this encoder has nothing else.
_ALWAYS = (
    "each block normalises after its residual sums (norm_first=False), with an epsilon of 1e-5",
    "all positions, one after the other, are projected, then tanh and L2",
    "of a word longer than the window, the first two thirds of the window and the last third are read",
)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code, 0 or, with the reason on standard error, 1."""
    options = _parser().parse_args(arguments)
    try:
        unsaid = Unsaid(**{each.name: getattr(options, each.name) for each in fields(Unsaid)})
        model = convert_checkpoint(options.checkpoint, unsaid=unsaid, names=ModuleNames(**_pairs(options.names)))
        written = write_model(model, options.output)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(written)
    print("\n".join(_account(model, unsaid=unsaid)))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m beast_core.published",
        description="Converts the weights of a torch.nn.TransformerEncoder over byte embeddings. What is not told is "
        "assumed to be what torch does by itself, and printed: compare a few vectors with the original's.",
    )
    parser.add_argument("checkpoint", help="a safetensors file, or the folder that model.safetensors is in")
    parser.add_argument("output", help="the model folder to write; an older model there is replaced, nothing else is")
    parser.add_argument("--heads", type=int, required=True, help="attention heads, which weights do not say")
    _add_choice(parser, "activation", choices=ACTIVATIONS, what="of the feed-forward layers")
    _add_choice(parser, "padding", choices=PADDINGS, what="what becomes of positions after the word")
    _add_choice(parser, "input_norm", choices=INPUT_NORMS, what="a LayerNorm between embeddings and first block")
    parser.add_argument("--causal", action="store_true", help="no position attends to a later one")
    parser.add_argument("--cased", dest="lowercase", action="store_false", help="words are not lower-cased")
    parser.add_argument("--scaled", action="store_true", help="embeddings are multiplied by the root of their width")
    parser.add_argument("--padding-row", type=int, help="the row of the embedding that stands after a word")
    parser.add_argument("--language", default="", help="whose words it learnt, such as es")
    parser.add_argument(
        "--names",
        nargs="+",
        default=[],
        metavar="MODULE=NAME",
        help=f"what modules are called there, of {', '.join(_MODULES)}: projection=fc, layers=model.encoder.layers",
    )
    return parser


def _add_choice(parser: argparse.ArgumentParser, name: str, *, choices: Iterable[str], what: str) -> None:
    default = getattr(Unsaid, name)
    option = f"--{name.replace('_', '-')}"
    parser.add_argument(option, choices=tuple(choices), default=default, help=f"{what} ({default})")


def _pairs(texts: list[str]) -> dict[str, str]:
    pairs = dict(text.partition("=")[::2] for text in texts)
    if wrong := [text for text in texts if text.partition("=")[0] not in _MODULES or not text.partition("=")[2]]:
        expected = " ".join(f"{name}=NAME" for name in _MODULES)
        raise ValueError(f"--names {' '.join(wrong)}: expected some of {expected}")
    return pairs


def _account(model: Model, *, unsaid: Unsaid) -> list[str]:
    """What the weights say, and what they do not."""
    config, parameters = model.config, sum(value.size for value in model.weights.values())
    said = (
        f"{config.layers} layers, {config.hidden_width} wide, feed-forward {config.feed_forward_width:,} wide, a "
        f"window of {config.window} bytes, vectors of {config.output_width}: {parameters:,} parameters"
    )
    told = {each.name: getattr(unsaid, each.name) for each in fields(Unsaid)} | {"spelling": config.spelling}
    return [
        f"the weights say: {said}",
        f"they do not say, and it is assumed: {', '.join(f'{name} = {value!r}' for name, value in told.items())};",
        *(f"  {text};" for text in _ALWAYS),
        "compare a few vectors with those of the original before you use it",
    ]


if __name__ == "__main__":
    sys.exit(main())
