"""How thinc updates a large embedding: the rows that were read alone."""

import torch
from thinc.api import Optimizer, torch2xp, xp2torch
from thinc.shims import PyTorchShim


class RowUpdates(PyTorchShim):  # type: ignore[misc]  # without types
    """A shim whose embeddings move where they have a gradient.

    thinc moves every weight in every step. An n-gram table has 44 million, of which a batch reads some hundredths: the
    others cost three quarters of a training and move by their momentum alone. So a row has its moments and decays in
    the steps that read it, as in `torch.optim.SparseAdam` (lazy Adam); the rate, its schedule, the clipping and all
    else are the optimiser's own. One that keeps averages of all weights, or that has no moments, is left to thinc.
    """

    def finish_update(self, optimizer: Optimizer) -> None:
        """See `PyTorchShim.finish_update`."""
        by_rows = optimizer.averages is None and optimizer.b1 > 0 and not self._grad_scaler.found_inf
        for name, module in self._model.named_modules():
            if isinstance(module, torch.nn.Embedding) and module.weight.grad is not None:
                if by_rows:
                    _update_rows(module.weight, key=(self.id, f"{name}.weight"), optimizer=optimizer)
                    module.weight.grad = None
                elif module.weight.grad.is_sparse:
                    module.weight.grad = module.weight.grad.to_dense()
        super().finish_update(optimizer)


def learn_rows_alone(network: torch.nn.Module) -> None:
    """Has the embeddings of a network give the gradients of the rows that were read, without zeros for all others."""
    for module in network.modules():
        if isinstance(module, torch.nn.Embedding):
            module.sparse = True


def _update_rows(weight: torch.Tensor, *, key: tuple[int, str], optimizer: Optimizer) -> None:
    """One step of the rows of `weight` `(rows, width)` that have a gradient."""
    assert weight.grad is not None
    rows, gradient = _rows(weight.grad)
    if not len(rows):
        return
    moments = [of.pop(key, None) for of in (optimizer.mom1, optimizer.mom2)]
    whole = [
        torch.zeros_like(weight) if each is None else xp2torch(each, device=weight.device).view_as(weight)
        for each in moments
    ]
    for of, each in zip((optimizer.mom1, optimizer.mom2), whole, strict=True):
        of[key] = torch2xp(each[rows].flatten())
    moved, _ = optimizer(key, torch2xp(weight.data[rows]), torch2xp(gradient))
    weight.data[rows] = xp2torch(moved, device=weight.device)
    for of, each in zip((optimizer.mom1, optimizer.mom2), whole, strict=True):
        each[rows] = xp2torch(of[key], device=weight.device).view(len(rows), -1)
        of[key] = torch2xp(each.flatten())


def _rows(gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Which rows have a gradient, `(rows,)`, and theirs, `(rows, width)`."""
    if gradient.is_sparse:
        gradient = gradient.coalesce()
        return gradient.indices()[0], gradient.values()
    rows = gradient.any(dim=1).nonzero().squeeze(1)
    return rows, gradient[rows]
