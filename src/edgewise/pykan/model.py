"""``KAN`` as pykan's users call it: a thin skin over `edgewise.nn.KAN`."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sympy
import torch
from torch import Tensor, nn

from edgewise import nn as ours
from edgewise import surgery
from edgewise.errors import SettingsError, ShapeError, unknown
from edgewise.primitives import find
from edgewise.train import Objective, Penalty, TrainingData, levenberg

from .dataset import as_columns, training_data
from .symbolic import IDLE, constants, finer, formula, idle, suggest
from .training import Steps, descend

BASES = {"silu": "silu", "identity": "identity", "zero": "none"}


@dataclass(frozen=True)
class ActFun:
    """One layer's splines: ``mask`` (n_in, n_out) is 1 where an edge is a spline, 0 where it is named or gone."""

    mask: Tensor
    grid: Tensor
    coef: Tensor


class KAN(nn.Module):
    """``KAN(width=[2, 5, 1], grid=3, k=3, seed=1)``; a level is a number, or [adding, multiplying] nodes.

    Computes in float64, whatever comes in. Nothing is printed or written, and no global seed is touched.
    """

    def __init__(
        self,
        width: Sequence[Any],
        grid: int = 3,
        k: int = 3,
        mult_arity: int = 2,
        base_fun: str = "silu",
        grid_range: Sequence[float] = (-1.0, 1.0),
        affine_trainable: bool = False,
        seed: int = 1,
        auto_save: bool = False,
    ) -> None:
        super().__init__()
        if base_fun not in BASES:
            raise unknown("base_fun", base_fun, BASES)
        if auto_save:
            raise SettingsError(
                "auto_save=True would write files at every step; save with edgewise.nn.Model.save instead."
            )
        self.network = ours.KAN(
            [_level(entry, mult_arity) for entry in width],
            intervals=grid, degree=k, residual=BASES[base_fun], low=float(grid_range[0]), high=float(grid_range[1]),
            generator=torch.Generator().manual_seed(seed), dtype=torch.float64,
        )  # fmt: skip
        self.seed, self.affine_trainable = seed, affine_trainable
        self._rows: Tensor | None = None
        self._data: TrainingData | None = None
        self._error = 0.0
        self._finer: tuple[ours.KAN, ours.KAN, float] | None = None

    def forward(self, x: Any) -> Tensor:
        """(rows, inputs) -> (rows, outputs). Raises ShapeError for any other number of columns."""
        x = torch.as_tensor(x).to(torch.float64)
        if x.ndim != 2 or x.shape[1] != self.width_in[0]:
            raise ShapeError(f"x must be (rows, {self.width_in[0]}), got shape {tuple(x.shape)}.")
        return self.network(x)

    # -- shape -----------------------------------------------------------------------------------------------------

    @property
    def width_in(self) -> list[int]:
        """Nodes of each level."""
        return self.network.shape

    @property
    def width_out(self) -> list[int]:
        """Sums that reach each level, before nodes multiply."""
        return [self.network.shape[0], *(layer.n_sums for layer in self.network)]

    @property
    def act_fun(self) -> list[ActFun]:
        """The splines, layer by layer, as copies."""
        return [
            ActFun(layer.mask.T.clone(), layer.basis.knots.clone(), layer.coefficients.detach().transpose(0, 1).clone())
            for layer in self.network
        ]

    # -- training --------------------------------------------------------------------------------------------------

    def fit(
        self,
        dataset: Mapping[str, Any],
        opt: str = "LBFGS",
        steps: int = 100,
        lamb: float = 0.0,
        lamb_l1: float = 1.0,
        lamb_entropy: float = 2.0,
        lamb_coefdiff: float = 0.0,
        update_grid: bool = True,
        grid_update_num: int = 10,
        stop_grid_update_step: int = 50,
        lr: float = 1.0,
        batch: int = -1,
    ) -> dict[str, list[float]]:
        """Train in place; roots of the mean loss after each step as train_loss and test_loss, the penalty as reg."""
        data = training_data(dataset, self.width_in[0], self.width_in[-1])
        plan = Steps(opt, steps, lr, batch, grid_update_num if update_grid else 0, stop_grid_update_step, self.seed)
        objective = Objective(penalty=Penalty(lamb, lamb_l1, lamb_entropy, lamb * lamb_coefdiff))
        self.network, losses = descend(self.network, data, objective, plan)
        self._data = TrainingData(data.x, data.y, data.x[:0], data.y[:0])
        self.get_act(data.x)
        self._measure()
        return losses

    @torch.no_grad()
    def _measure(self) -> None:
        """The error on the rows of the last fit, as a share of the labels' spread."""
        if self._data is not None:
            x, y = self._data.x, self._data.y
            self._error = float((self.network(x) - y).square().mean().sqrt()) / (float(y.std(correction=0)) or 1.0)

    def get_act(self, x: Any) -> None:
        """Remember the rows that scores, pruning and suggestions look at: an array, or a dataset's train_input."""
        rows = as_columns(x["train_input"] if isinstance(x, Mapping) else x, "x")
        self.forward(rows[:1])
        self._rows = rows

    def _seen(self) -> Tensor:
        if self._rows is None:
            raise SettingsError("no rows were seen yet: call fit(dataset) or get_act(x) first.")
        return self._rows

    # -- scores and surgery ----------------------------------------------------------------------------------------

    def attribute(self) -> Tensor:
        """The score of each input; nothing has to be called before `prune`, which scores by itself."""
        return self.node_scores[0]

    @property
    def node_scores(self) -> tuple[Tensor, ...]:
        """The importance of each node, inputs first."""
        return ours.node_scores(ours.trace(self.network, self._seen()))

    @property
    def edge_scores(self) -> tuple[Tensor, ...]:
        """The importance of each edge, (n_out, n_in) a layer."""
        return ours.edge_scores(ours.trace(self.network, self._seen()))

    def prune(self, node_th: float = 1e-2, edge_th: float = 3e-2, refit: bool = True) -> "KAN":
        """A new model without what scores at most the thresholds; lost means go into the biases.

        The penalty bends splines, so with ``refit`` what is left is fitted once more, without penalty and from where it
        is, to the training rows of the last `fit` (to none if there was no fit); edges that then have nothing left to do
        are cut as well.
        """
        pruned = self._with(self.network)
        cut = surgery.prune(self.network, self._seen(), node_threshold=node_th, edge_threshold=edge_th)
        pruned.network = cut.network
        while refit and self._data is not None:
            pruned.network = levenberg(pruned.network, self._data, fresh=False).network
            cut = surgery.prune(pruned.network, self._seen(), node_threshold=node_th, edge_threshold=edge_th)
            if not cut.edges_cut:
                break
            pruned.network = cut.network
        pruned._measure()
        return pruned

    def refine(self, new_grid: int) -> "KAN":
        """A new model with more pieces and the same function."""
        return self._with(surgery.refine(self.network, new_grid))

    def copy(self) -> "KAN":
        """An equal model that shares nothing."""
        return copy.deepcopy(self)

    def _with(self, network: ours.KAN) -> "KAN":
        other = copy.deepcopy(self)
        other.network = network
        return other

    def plot(self) -> Any:
        """One matplotlib axes; nothing is written."""
        from edgewise.view import plot_network

        return plot_network(self.network, self._seen())

    # -- names -----------------------------------------------------------------------------------------------------

    def _read_off(self) -> tuple[ours.KAN, float]:
        """The network that names are read off, and its error: a finer copy, trained on from where this model is.

        A spline of few pieces is no more like exp than like sinh; with more pieces it is. Without rows of a `fit` to
        train on, it is this network itself.
        """
        if self._data is None:
            return self.network, self._error
        if self._finer is None or self._finer[0] is not self.network:
            self._finer = (self.network, *finer(self.network, self._data))
        return self._finer[1:]

    def suggest_symbolic(self, l: int, i: int, j: int, lib: Sequence[str] | None = None) -> tuple[str, Any, float, int]:  # noqa: E741 - the paper's
        """(name, function, r2, complexity) of the best name for the edge from node i to sum j of layer l.

        An edge that does less than a ten-thousandth of the work is called '0'.
        """
        network, error = self._read_off()
        share = idle(network, self._seen(), (l, i, j))
        if share <= IDLE and (lib is None or "0" in lib):
            zero = find("0")
            return zero.name, zero, 1.0 - share, zero.complexity
        best = suggest(network, self._seen(), (l, i, j), error, lib)[0]
        return best.primitive, best.function, best.r2, best.complexity

    def fix_symbolic(self, l: int, i: int, j: int, name: str) -> float:  # noqa: E741 - the paper's
        """Give the edge a name, its constants fitted to what it was; gives back r2. '0' leaves its mean."""
        if name == "0":
            mean = float(ours.trace(self.network, self._seen()).layers[l].postactivations[:, j, i].mean())
            self.network = surgery.fix(self.network, (l, i, j), name, (1.0, 0.0, 0.0, mean))
            return 1.0 - idle(self.network, self._seen(), (l, i, j))
        best = suggest(self.network, self._seen(), (l, i, j), self._error, [name])[0]
        self.network = surgery.fix(self.network, (l, i, j), best.function, constants(best))
        return best.r2

    def unfix_symbolic(self, l: int, i: int, j: int) -> None:  # noqa: E741 - the paper's
        """Make a named edge a spline again."""
        self.network = surgery.release(self.network, (l, i, j))

    def auto_symbolic(self, lib: Sequence[str] | None = None) -> dict[tuple[int, int, int], str]:
        """Name every spline; gives back the names."""
        named: dict[tuple[int, int, int], str] = {}
        for edge_id, edge in list(self.network.edges()):
            if edge.kind == "spline":
                named[edge_id] = self.suggest_symbolic(*edge_id, lib=lib)[0]
        for place, name in named.items():
            self.fix_symbolic(*place, name)
        return named

    def symbolic_formula(self, var: Sequence[Any] | None = None) -> tuple[list[sympy.Expr], list[sympy.Symbol]]:
        """(an expression for each output, the variables). Raises NotSymbolicError while an edge is a spline.

        Terms that move the output by less than a millionth, on the rows seen last, are left out.
        """
        return formula(self.network, var, self._rows)


def _level(entry: Any, mult_arity: int) -> int | list[int]:
    """One level of pykan's width as a level of our shape."""
    if isinstance(entry, int) and not isinstance(entry, bool):
        return entry
    if isinstance(entry, list | tuple) and len(entry) == 2 and all(type(n) is int and n >= 0 for n in entry):
        return [1] * entry[0] + [mult_arity] * entry[1]
    raise SettingsError(f"an entry of width is a number or a pair [adding, multiplying], got {entry!r}.")
