"""A published checkpoint becomes a model folder: `python -m beast_core.published CHECKPOINT OUTPUT --heads 16`.

A checkpoint is a safetensors file, as model hubs have it, with the weights of a `torch.nn.TransformerEncoder` over byte
embeddings and of a projection of all its positions. That much is published of BEAST
(https://huggingface.co/Alverciito/beast_cased): 256 symbols, sinusoidal positions, flatten, projection, tanh, L2. None
of this needs torch.
"""

from beast_core.published.checkpoint import ModuleNames, Unsaid, convert_checkpoint

__all__ = ["ModuleNames", "Unsaid", "convert_checkpoint"]
