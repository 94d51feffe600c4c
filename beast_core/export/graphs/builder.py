"""Writing down the operations of an ONNX graph one after the other, as NumPy would compute them."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

# The first with LayerNormalization. Runtimes since 2022 have it; newer ones add nothing that is needed here.
OPSET = 17
_IR_VERSION = 8  # the one that came with it


class Graph:
    """The operations so far, and the constants that they use. Whatever is computed is known by a name.

    `graph("Add", "a", "b")` adds an operation and returns the name of what it gives.
    """

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def __call__(self, operation: str, *inputs: str, output: str = "", **attributes: Any) -> str:
        """Adds one of https://onnx.ai/onnx/operators; an `output` that has no name is given one."""
        output = output or f"{operation}_{len(self._nodes)}"
        self._nodes.append(helper.make_node(operation, list(inputs), [output], name=output, **attributes))
        return output

    def constant(self, value: Any, *, name: str = "", dtype: Any = None) -> str:
        """A constant of those values; those without a name have one by their content, so that equal ones are one."""
        array = np.asarray(value, dtype=dtype, order="C")
        name = name or f"{array.dtype}{list(array.shape)}_{sha256(array.tobytes()).hexdigest()[:12]}"
        self._constants.setdefault(name, numpy_helper.from_array(array, name))
        return name

    def floats(self, value: str) -> str:
        """The same numbers in float32."""
        return self("Cast", value, to=onnx.TensorProto.FLOAT)

    def weight(self, name: str, *, values: np.ndarray) -> str:
        """A weight in float32, in the file as it is given."""
        constant = self.constant(values, name=name)
        return constant if values.dtype == np.float32 else self.floats(constant)

    def axes(self, *axes: int) -> str:
        """A constant that lists axes, sizes or places."""
        return self.constant(axes, dtype=np.int64)

    def size(self, value: str, *, axis: int) -> str:
        """The size along an axis, `(1,)` int64."""
        return self("Shape", value, start=axis, end=axis + 1)

    def up_to(self, value: str, *, end: str, axes: Sequence[int] = (0,)) -> str:
        """The first entries of a value along each of some axes, as many as the number `(1,)` says."""
        number = self("Concat", *[end] * len(axes), axis=0) if len(axes) > 1 else end
        return self("Slice", value, self.axes(*[0] * len(axes)), number, self.axes(*axes))

    def reshape(self, value: str, *shape: int) -> str:
        """0 keeps a size, -1 is what is left."""
        return self("Reshape", value, self.axes(*shape))

    def linear(self, value: str, *, weights: Mapping[str, np.ndarray], name: str) -> str:
        """A linear layer, with its bias if there is one."""
        product = self("MatMul", value, self.weight(f"{name}.weight", values=weights[f"{name}.weight"].T))
        bias = weights.get(f"{name}.bias")
        return product if bias is None else self("Add", product, self.weight(f"{name}.bias", values=bias))

    def gelu(self, value: str) -> str:
        """Hendrycks and Gimpel 2016, https://arxiv.org/abs/1606.08415."""
        error = self("Erf", self("Mul", value, self.constant(np.float32(0.5**0.5))))
        doubled = self("Mul", value, self("Add", error, self.constant(np.float32(1))))
        return self("Mul", doubled, self.constant(np.float32(0.5)))

    def attention(self, query: str, *, key: str, value: str, width: int, mask: str) -> str:
        """Scaled dot-product attention of `(words, heads, positions, width)`; a mask that is True where it attends. A
        position that may attend to nothing gets zeros."""
        scale = self.constant(np.float32(width**-0.5))
        scores = self("Mul", self("MatMul", query, self("Transpose", key, perm=[0, 1, 3, 2])), scale)
        masked = self("Where", mask, scores, self.constant(np.finfo(np.float32).min))
        shares = self("Where", mask, self("Softmax", masked, axis=-1), self.constant(np.float32(0)))
        return self("MatMul", shares, value)

    def split_heads(self, projected: str, *, heads: int, width: int) -> list[str]:
        """`(words, positions, 3 * heads * width)` -> query, key and value, `(words, heads, positions, width)`."""
        apart = self("Transpose", self.reshape(projected, 0, 0, 3, heads, width), perm=[2, 0, 3, 1, 4])
        return [self("Gather", apart, self.constant(part, dtype=np.int64), axis=0) for part in range(3)]

    def join_heads(self, value: str) -> str:
        """`(words, heads, positions, width)` -> `(words, positions, heads * width)`."""
        return self.reshape(self("Transpose", value, perm=[0, 2, 1, 3]), 0, 0, -1)

    def model(self, *, inputs: Sequence[Any], outputs: Sequence[Any], metadata: dict[str, str]) -> onnx.ModelProto:
        """The whole file. Raises `onnx.checker.ValidationError` for what is no valid model."""
        graph = helper.make_graph(
            self._nodes, "beast", list(inputs), list(outputs), initializer=list(self._constants.values())
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=_IR_VERSION, producer_name="beast-vectors"
        )
        helper.set_model_props(model, metadata)
        onnx.checker.check_model(model, full_check=True)
        return model
