"""``KAN`` as pykan's users call it: a thin skin over `edgewise.nn.KAN`.

One rule says what changes in place. Names that cut, refine or widen (``prune...``, ``refine``, ``expand...``), ``copy``,
``rewind`` and ``checkout`` give a new model and leave this one as it was; ``fit``, and names that touch one edge or one node
(``fix_symbolic``, ``unfix_symbolic``, ``set_mode``, ``remove_edge``, ``remove_node``, ``swap``) or all of their kind
(``auto_symbolic``, ``unfix_symbolic_all``, ``auto_swap``), change this one.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import sympy
import torch
from torch import Tensor, nn

from edgewise import nn as ours
from edgewise import surgery
from edgewise.errors import SettingsError, ShapeError, unknown
from edgewise.primitives import Primitive
from edgewise.train import Objective, Penalty, TrainingData

from . import cutting, growing, modes, reading, storage, wiring
from .cautions import caution, caution_change, caution_cut
from .dataset import as_columns, has_classes, training_data
from .own import Symbols, library, own_primitive, own_primitives
from .settings import levels, number, pair, whole
from .shape import BASES, ActFun, act_fun
from .symbolic import Reading, fixed, formula, named
from .training import Steps, descend, own_loss
from .versions import Seen, Versions


class KAN(nn.Module):
    """``KAN(width=[2, 5, 1], grid=3, k=3, seed=1)``; a level is a number, or [adding, multiplying] nodes.

    Computes in float64, whatever comes in. Nothing is printed or written, and no global seed is touched.
    ``affine_trainable=False`` keeps the constants of named edges as they are while `fit` trains the rest.
    """

    def __init__(
        self,
        width: Sequence[Any],
        grid: int = 3,
        k: int = 3,
        mult_arity: int = 2,
        base_fun: str = "silu",
        grid_range: Sequence[float] = (-1.0, 1.0),
        affine_trainable: bool = True,
        seed: int = 1,
        auto_save: bool = False,
    ) -> None:
        super().__init__()
        if base_fun not in BASES:
            raise unknown("base_fun", base_fun, BASES)
        if auto_save:
            raise SettingsError(
                "auto_save=True would write files at every change. Versions are kept in memory (history, rewind, "
                "checkout); call saveckpt(path) for a file."
            )
        low, high = pair("grid_range", grid_range)
        network = ours.KAN(
            levels(width, mult_arity),
            intervals=whole("grid", grid, 1), degree=whole("k", k), residual=BASES[base_fun], low=low, high=high,
            generator=torch.Generator().manual_seed(whole("seed", seed)), dtype=torch.float64,
        )  # fmt: skip
        self._begin(network, int(seed), affine_trainable, {})

    @classmethod
    def around(cls, network: ours.KAN, seed: int = 1, symbols: Symbols | None = None) -> "KAN":
        """The model of a network of ours (in float64)."""
        model = cls.__new__(cls)
        nn.Module.__init__(model)
        model._begin(network, seed, True, own_primitives(symbols or {}))
        return model

    def _begin(self, network: ours.KAN, seed: int, affine_trainable: bool, own: dict[str, Primitive]) -> None:
        self.network, self.seed, self.affine_trainable = network, seed, affine_trainable
        self._own, self._seen, self._reading = own, Seen(), Reading()
        self._versions = Versions().then("made", network, self._seen)

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
    def n_edge(self) -> int:
        """Edges that are there, splines and named ones."""
        return sum(1 for _ in self.network.edges())

    @property
    def input_id(self) -> list[int]:
        """Columns that an edge leaves; the others are taken and not used."""
        return sorted({edge.source for edge, _ in self.network.edges() if edge.layer == 0})

    @property
    def act_fun(self) -> list[ActFun]:
        """The splines, layer by layer, as copies."""
        return act_fun(self.network)

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
        loss_fn: Callable[[Tensor, Tensor], Tensor] | None = None,
        lr: float = 1.0,
        batch: int = -1,
        metrics: Sequence[Callable[[], Any]] = (),
    ) -> dict[str, list[float]]:
        """Train in place; after each step train_loss and test_loss, the penalty as reg, and each metric by its name.

        Losses are roots of the mean square, or what ``loss_fn(outputs, labels)`` gives; whole numbers in a vector are
        handed to it as classes. A metric is a function without arguments that asks this model. Whatever is raised, the
        model is what it was before.
        """
        classes = loss_fn is not None and isinstance(dataset, Mapping) and has_classes(dataset)
        data = training_data(dataset, self.width_in[0], self.width_in[-1], classes)
        penalty = _penalty(lamb=lamb, lamb_l1=lamb_l1, lamb_entropy=lamb_entropy, lamb_coefdiff=lamb_coefdiff)
        plan = Steps(opt, steps, lr, batch, grid_update_num if update_grid else 0, stop_grid_update_step, self.seed)
        caution(self.network, data, moves=plan.moves > 0)
        objective = Objective(own_loss(loss_fn, classes) if loss_fn else "squared", penalty)
        start = modes.with_constants(self.network, trainable=self.affine_trainable)
        network, losses = descend(start, data, objective, plan, lambda network: self._metrics(network, metrics))
        squares = None if loss_fn else TrainingData(data.x, data.y, data.x[:0], data.y[:0])
        self._seen = Seen(data.x, squares).measured(network)
        self._change(network, f"fit: {plan.opt}, {len(losses['reg'])} steps")
        return losses

    def _metrics(self, network: ours.KAN, metrics: Sequence[Callable[[], Any]]) -> dict[str, float]:
        before, self.network = self.network, network
        try:
            named_values = {getattr(metric, "__name__", f"metric_{n}"): metric() for n, metric in enumerate(metrics)}
            return {name: float(torch.as_tensor(value).detach()) for name, value in named_values.items()}
        finally:
            self.network = before

    def evaluate(self, dataset: Mapping[str, Any]) -> Mapping[str, Any]:
        """train_loss and test_loss (roots of the mean square), n_edge, n_grid; nothing is changed."""
        return reading.evaluation(self.network, training_data(dataset, self.width_in[0], self.width_in[-1]))

    def get_act(self, x: Any) -> None:
        """Remember the rows that scores, pruning and suggestions look at: an array, or a dataset's train_input."""
        if isinstance(x, Mapping) and "train_input" not in x:
            raise SettingsError(
                f"get_act looks at a dataset's train_input, but this one has {', '.join(map(str, x)) or 'no keys'}. "
                "Give a dataset, or an array of rows."
            )
        rows = as_columns(x["train_input"] if isinstance(x, Mapping) else x, "x")
        self.forward(rows[:1])
        self._seen = replace(self._seen, rows=rows)

    @property
    def _rows(self) -> Tensor:
        if self._seen.rows is None:
            raise SettingsError("no rows were seen yet: call fit(dataset) or get_act(x) first.")
        return self._seen.rows

    # -- scores and samples ----------------------------------------------------------------------------------------

    def attribute(self, l: int | None = None, i: int | None = None) -> Tensor:
        """The score of each input for all outputs, or for node i of level l; nothing has to be called before `prune`."""
        if l is None or i is None:
            return self.node_scores[0]
        return reading.scores_towards(self.network, self._rows, l, i)

    @property
    def feature_score(self) -> Tensor:
        """The score of each input."""
        return self.node_scores[0]

    @property
    def node_scores(self) -> tuple[Tensor, ...]:
        """The importance of each node, inputs first."""
        return ours.node_scores(ours.trace(self.network, self._rows))

    @property
    def edge_scores(self) -> tuple[Tensor, ...]:
        """The importance of each edge, (n_out, n_in) a layer."""
        return ours.edge_scores(ours.trace(self.network, self._rows))

    @property
    def connection_cost(self) -> float:
        """Score times length of each edge, as drawn."""
        return wiring.connection_cost(self.network, self._rows)

    def get_fun(self, l: int, i: int, j: int) -> tuple[np.ndarray, np.ndarray]:
        """(what enters, what leaves) the edge for the rows seen last, in rising order; nothing is drawn."""
        x, y = reading.samples(self.network, self._rows, (l, i, j))
        return x.numpy(), y.numpy()

    def get_range(self, l: int, i: int, j: int) -> tuple[float, float, float, float]:
        """(least, largest) of what enters the edge, then of what leaves it."""
        x, y = self.get_fun(l, i, j)
        return float(x.min()), float(x.max()), float(y.min()), float(y.max())

    # -- a new model -----------------------------------------------------------------------------------------------

    def prune(self, node_th: float = 1e-2, edge_th: float = 3e-2, refit: bool = True) -> "KAN":
        """A new model without what scores at most the thresholds; lost means go into the biases.

        The penalty bends splines, so with ``refit`` what is left is fitted once more, without penalty and from where it
        is, to the training rows of the last `fit` (to none if there was no fit, or one with a loss of its own); edges
        that then have nothing left to do are cut as well.
        """
        node_th, edge_th = number("node_th", node_th), number("edge_th", edge_th)
        free = self.affine_trainable or not any(layer.fixed for layer in self.network)
        data = self._seen.data if refit and free else None
        network = cutting.pruned(self.network, self._rows, data, node_th, edge_th)
        caution_cut(network)
        return self._with(network, "prune", self._seen.measured(network))

    def prune_node(self, threshold: float = 1e-2, active_neurons_id: Sequence[Sequence[int]] | None = None) -> "KAN":
        """A new model without hidden nodes that score at most the threshold, or with only the nodes named, level by level."""
        if active_neurons_id is not None:
            return self._with(cutting.only_nodes(self.network, self._rows, active_neurons_id), "prune_node")
        network = cutting.pruned(self.network, self._rows, None, number("threshold", threshold), cutting.NONE)
        caution_cut(network)
        return self._with(network, "prune_node")

    def prune_edge(self, threshold: float = 3e-2) -> "KAN":
        """A new model without edges that score at most the threshold, and nodes that lose their last one."""
        network = cutting.pruned(self.network, self._rows, None, cutting.NONE, number("threshold", threshold))
        caution_cut(network)
        return self._with(network, "prune_edge")

    def prune_input(self, threshold: float = 1e-2, active_inputs: Sequence[int] | None = None) -> "KAN":
        """A new model that uses only inputs above the threshold, or those named; columns of x keep their places."""
        network = cutting.only_inputs(self.network, self._rows, active_inputs, number("threshold", threshold))
        caution_cut(network)
        return self._with(network, "prune_input")

    def refine(self, new_grid: int) -> "KAN":
        """A new model with more pieces.

        The same function to rounding where ``new_grid`` is a multiple of the pieces that there are; elsewhere the nearest by
        least squares, and an EdgewiseWarning tells by how much outputs change. Raises SettingsError for fewer pieces.
        """
        network = growing.finer(self.network, whole("new_grid", new_grid, 1))
        caution_change(self.network, network, self._seen.rows)
        return self._with(network, f"refine: {new_grid}")

    def expand_width(self, layer_id: int, n_added_nodes: int, sum_bool: bool = True, mult_arity: int = 2) -> "KAN":
        """A new model with more nodes on a hidden level and the same function."""
        arity = 1 if sum_bool else mult_arity
        return self._with(growing.wider(self.network, layer_id, n_added_nodes, arity, self.seed), "expand_width")

    def expand_depth(self) -> "KAN":
        """A new model with a layer more, identities behind the outputs, and the same function."""
        return self._with(growing.deeper(self.network), "expand_depth")

    def copy(self) -> "KAN":
        """An equal model that shares nothing that changes."""
        return copy.deepcopy(self)

    def _with(self, network: ours.KAN, what: str, seen: Seen | None = None) -> "KAN":
        other = copy.deepcopy(self)
        other._seen = seen or self._seen
        other._change(network, what)
        return other

    # -- this model ------------------------------------------------------------------------------------------------

    def _change(self, network: ours.KAN, what: str) -> None:
        self.network = network
        self._versions = self._versions.then(what, network, self._seen)

    def remove_edge(self, l: int, i: int, j: int) -> None:
        """Take one edge away with all that it gave; `prune_edge` keeps the mean."""
        reading.require_layer(self.network, l)
        self._change(surgery.remove(self.network, (l, i, j)), f"remove_edge: {l}, {i}, {j}")

    def remove_node(self, l: int, i: int, mode: str = "all") -> None:
        """Take away the edges into ("down"), out of ("up"), or around ("all") node i of level l."""
        self._change(cutting.without_node(self.network, l, i, mode), f"remove_node: {l}, {i}, {mode}")

    def swap(self, l: int, i1: int, i2: int) -> None:
        """Two nodes of hidden level l in each other's place; the function stays."""
        self._change(wiring.swapped(self.network, l, i1, i2), f"swap: {l}, {i1}, {i2}")

    def auto_swap(self) -> None:
        """Swap nodes as long as it lowers the connection cost; the function stays."""
        self._change(wiring.untangled(self.network, self._rows), "auto_swap")

    def plot(self) -> Any:
        """One matplotlib axes; nothing is written."""
        from edgewise.view import plot_network

        return plot_network(self.network, self._rows)

    # -- names -----------------------------------------------------------------------------------------------------

    def add_symbolic(self, name: str, fun: Callable[[Tensor], Tensor] | Primitive, c: int = 1) -> None:
        """Let edges of this model, and of models made from it, be named by a function of tensors of your own.

        ``c`` is its complexity. No other model knows of it. Raises SettingsError for a name that is taken, or a function
        that does not give one number for each.
        """
        self._own = {**self._own, name: own_primitive(name, fun, c)}

    def suggest_symbolic(
        self, l: int, i: int, j: int, lib: Sequence[str] | None = None
    ) -> tuple[str, Primitive, float, int]:
        """(name, function, r2, complexity) of the best name for the edge from node i to sum j of layer l.

        An edge that does less than a ten-thousandth of the work is called '0'.
        """
        self._reading = self._reading.of(self.network, self._seen.data, self._seen.error)
        return named(self._reading, self._rows, (l, i, j), library(lib, self._own))

    def fix_symbolic(self, l: int, i: int, j: int, name: str, fit_params_bool: bool = True) -> float:
        """Give the edge a name, its constants fitted to what it was; gives back r2. '0' leaves its mean.

        ``fit_params_bool=False`` takes the function as it is (constants 1, 0, 1, 0) and needs no rows; r2 is then nan.
        """
        primitive = next(iter(library([name], self._own).values()))
        reading.require_layer(self.network, l)
        if not fit_params_bool:
            self._change(
                surgery.fix(self.network, (l, i, j), primitive, (1.0, 0.0, 1.0, 0.0)), f"fix: {l}, {i}, {j}, {name}"
            )
            return float("nan")
        network, r2 = fixed(self.network, self._rows, (l, i, j), self._seen.error, primitive)
        self._change(network, f"fix: {l}, {i}, {j}, {name}")
        return r2

    def unfix_symbolic(self, l: int, i: int, j: int) -> None:
        """Make a named edge a spline again, next to what it was where the rows seen last fall."""
        self._change(modes.released(self.network, (l, i, j), self._seen.rows), f"unfix: {l}, {i}, {j}")

    def unfix_symbolic_all(self) -> None:
        """Make every named edge a spline again."""
        self._change(modes.all_released(self.network, self._seen.rows), "unfix: all")

    def set_mode(self, l: int, i: int, j: int, mode: str) -> None:
        """``'n'``: the edge is a spline, a flat one if there was none. ``'s'``: it has a name already, or SettingsError."""
        self._change(modes.in_mode(self.network, (l, i, j), mode, self._seen.rows), f"set_mode: {l}, {i}, {j}, {mode}")

    def auto_symbolic(
        self, lib: Sequence[str] | None = None, r2_threshold: float = 0.0
    ) -> dict[tuple[int, int, int], str]:
        """Name every spline whose best name reaches the threshold; gives back the names."""
        names: dict[tuple[int, int, int], str] = {}
        for edge_id, edge in list(self.network.edges()):
            if edge.kind == "spline":
                name, _, r2, _ = self.suggest_symbolic(*edge_id, lib=lib)
                if r2 >= r2_threshold:
                    names[edge_id] = name
        for place, name in names.items():
            self.fix_symbolic(*place, name)
        return names

    def symbolic_formula(self, var: Sequence[Any] | None = None) -> tuple[list[sympy.Expr], list[sympy.Symbol]]:
        """(an expression for each output, the variables). Raises NotSymbolicError while an edge is a spline.

        Terms that move the output by less than a millionth, on the rows seen last, are left out.
        """
        return formula(self.network, var, self._seen.rows)

    # -- files and versions ----------------------------------------------------------------------------------------

    def saveckpt(self, path: str | Path = "model.safetensors") -> None:
        """Write one safetensors file: the function with its names, not the rows, the versions or the seed."""
        storage.write(self.network, path)

    @classmethod
    def loadckpt(cls, path: str | Path, symbols: Symbols | None = None, seed: int = 1) -> "KAN":
        """The model in the file; ``symbols`` gives the functions behind names of your own. Raises StorageError."""
        return cls.around(storage.read(path, symbols or {}), seed, symbols)

    @property
    def state_id(self) -> str:
        """The version that this model is at, ``'round.state'``."""
        return self._versions.kept[-1].name

    def history(self) -> list[str]:
        """One line a version, the present one last."""
        return [f"{version.name} {version.what}" for version in self._versions.kept]

    def rewind(self, model_id: str) -> "KAN":
        """A new model that is what this one was at that version, in a new round; later versions stay known."""
        return self._at(self._versions.rewound(model_id))

    def checkout(self, model_id: str) -> "KAN":
        """A new model that is what this one was at that version, and knows of no later one."""
        return self._at(self._versions.until(model_id))

    def _at(self, versions: Versions) -> "KAN":
        other = copy.deepcopy(self)
        other.network, other._seen = copy.deepcopy(versions.kept[-1].network), versions.kept[-1].seen
        other._versions = versions
        return other


def _penalty(*, lamb: float, lamb_coefdiff: float, **weights: float) -> Penalty:
    """pykan's four weights, finite and not negative, as a penalty of ours."""
    strength, difference = number("lamb", lamb, 0), number("lamb_coefdiff", lamb_coefdiff, 0)
    l1, entropy = (number(name, weight, 0) for name, weight in weights.items())
    return Penalty(strength, l1, entropy, strength * difference)
