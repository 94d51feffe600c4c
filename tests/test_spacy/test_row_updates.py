import numpy as np
import pytest
import torch
from thinc.api import Adam, ArgsKwargs, PyTorchShim

from spacy_beast.row_updates import RowUpdates

ROWS = [[0, 3, 3], [3, 5], [0], [], [5, 6, 0]]  # of each step; 3 once twice, others never


def network(*, sparse=False):
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Embedding(9, 4, sparse=sparse))


def run(shim, *, optimizer, steps=ROWS):
    """What the table is after each step."""
    tables = []
    for number, rows in enumerate(steps):
        output, backprop = shim.begin_update(ArgsKwargs((torch.tensor(rows, dtype=torch.long),), {}))
        weights = torch.linspace(-1, 1, output.numel()).view_as(output) + number / 3
        backprop(ArgsKwargs(((output,),), {"grad_tensors": weights}))
        shim.finish_update(optimizer)
        optimizer.step_schedules()
        tables.append(shim._model[0].weight.detach().clone())
    return tables


@pytest.mark.parametrize("sparse", [False, True])
def test_rows_move_as_sparse_adam_moves_them(sparse):
    ours = run(
        RowUpdates(network(sparse=sparse)), optimizer=Adam(0.01, L2=0, grad_clip=0, eps=1e-12, use_averages=False)
    )
    model = network(sparse=True)
    reference = torch.optim.SparseAdam([model[0].weight], lr=0.01, eps=1e-12)
    for number, (rows, table) in enumerate(zip(ROWS, ours, strict=True)):
        output = model(torch.tensor(rows, dtype=torch.long))
        output.backward(torch.linspace(-1, 1, output.numel()).view_as(output) + number / 3)
        if rows:
            reference.step()
            reference.zero_grad()
        torch.testing.assert_close(table, model[0].weight.detach(), rtol=1e-5, atol=1e-6)


def test_a_row_that_is_not_read_stays_and_one_that_is_decays_too():
    start = network()[0].weight.detach()
    tables = run(RowUpdates(network()), optimizer=Adam(0.01, L2=0.5, grad_clip=1.0, use_averages=False))
    assert not torch.equal(tables[-1][[0, 3, 5, 6]], start[[0, 3, 5, 6]])
    assert torch.equal(tables[-1][[1, 2, 4, 7, 8]], start[[1, 2, 4, 7, 8]])
    assert torch.equal(tables[1][0], tables[0][0]) and torch.equal(tables[3], tables[2])


@pytest.mark.parametrize("sparse", [False, True])
@pytest.mark.parametrize(("averages", "rate"), [(False, [0.01, 0.02, 0.005, 0.01, 0.01]), (True, 0.01)])
def test_rows_that_are_all_read_move_as_thinc_moves_them(averages, rate, sparse):
    steps = [list(range(9))] * 4 + [[1]] * averages  # averages are of all weights: thinc does that
    settings = {"L2": 0.1, "grad_clip": 0.7, "use_averages": averages}
    rates = [Adam(iter(rate) if isinstance(rate, list) else rate, **settings) for _ in range(2)]
    ours = run(RowUpdates(network(sparse=sparse)), optimizer=rates[0], steps=steps)
    thinc = run(PyTorchShim(network()), optimizer=rates[1], steps=steps)
    for one, other in zip(ours, thinc, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
