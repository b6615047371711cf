"""matplotlib: own figures, no global state, no files."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from edgewise.errors import ShapeError
from edgewise.nn import KAN, Constants
from edgewise.view import (
    draw_network,
    plot_drawing,
    plot_edge,
    plot_front,
    plot_network,
    plot_predictions,
    plot_residuals,
)


class Front:
    def __init__(self, *rmse: float) -> None:
        self.errors = rmse

    @property
    def best(self) -> SimpleNamespace:
        return SimpleNamespace(equation=self.rows()[-1]["equation"])

    def rows(self) -> list[dict[str, Any]]:
        return [
            {"complexity": 2 * i + 1, "rmse": rmse, "r2": 0.9, "score": 1.0, "equation": f"T = {i}*sqrt(L/g_{i})$"}
            for i, rmse in enumerate(self.errors)
        ]


def named_network() -> KAN:
    net = KAN([2, (1, 1), 1], generator=torch.Generator().manual_seed(0))
    net[0].set_edge(0, 0, "x^1.5", Constants(1.0, 2.0))
    net[0].set_edge(1, 0, "sin", Constants(3.0))
    return net


def written(ax: Axes) -> bytes:
    file = BytesIO()
    ax.figure.savefig(file, format="png")
    return file.getvalue()


MEASURED = np.linspace(1, 9, 40)
PLOTS = {
    "network": lambda ax: plot_network(named_network(), torch.rand(30, 2), ax, title="a law"),
    "crowded": lambda ax: plot_drawing(draw_network(KAN([9, 9]), torch.rand(9, 9), at_most=20), ax, dark=True),
    "predictions": lambda ax: plot_predictions(MEASURED, MEASURED + 0.1, ax, name="T"),
    "residuals": lambda ax: plot_residuals(MEASURED, MEASURED + 0.1, ax, name="T"),
    "front": lambda ax: plot_front(Front(1.0, 0.1, 1e-9), ax),
    "front with a perfect formula": lambda ax: plot_front(Front(1.0, 0.0), ax),
    "fixed edge": lambda ax: plot_edge(named_network()[0].edge(0, 0), ax),
    "spline": lambda ax: plot_edge(named_network()[1].edge(0, 0), ax, x=torch.rand(20)),
}  # fmt: skip


@pytest.mark.parametrize("name", PLOTS)
def test_draws_on_its_own_figure_or_on_axes_given(name: str) -> None:
    before = dict(rcParams)
    own = PLOTS[name](None)
    axes = Figure().add_subplot()
    assert PLOTS[name](axes) is axes
    assert len(written(own)) > 1000
    assert len(written(axes)) > 1000
    assert dict(rcParams) == before


def test_writes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for plot in PLOTS.values():
        plot(None)
    assert not list(tmp_path.iterdir())


def test_matplotlib_is_loaded_by_the_first_plot_and_pyplot_never() -> None:
    program = """
import sys, numpy
import edgewise.view
assert "matplotlib" not in sys.modules
edgewise.view.plot_predictions(numpy.arange(3.0), numpy.arange(3.0))
assert "matplotlib" in sys.modules and "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.parametrize("name", ["price [$] of $x$", "sound pressure level [dB]", "a_b^c \\frac", "θ₀"])
def test_names_are_text_and_no_formula(name: str) -> None:
    ax = plot_network(named_network(), torch.rand(30, 2), inputs=[name, "b"])
    assert name in " ".join(text.get_text() for text in ax.texts)
    assert written(ax)
    assert plot_predictions(MEASURED, MEASURED, name=name).get_xlabel() == f"{name} measured"


def test_numbers_on_the_plot() -> None:
    ax = plot_predictions(MEASURED, MEASURED + 0.5)
    assert ax.texts[0].get_text().startswith("rmse 0.5\nr² 0.95")
    assert plot_predictions(np.ones(3), np.ones(3)).texts[0].get_text() == "rmse 0"


def test_the_equations_of_best_score_stand_beside_the_front() -> None:
    ax = plot_front(Front(1.0, 0.5, 0.1), equations=2)
    first, pick = ax.texts[0].get_text().split("\n")
    assert pick.startswith("\u25cb 5 ")
    assert first.startswith("1 ")
    assert ax.get_yscale() == "log"


def test_the_pick_has_a_ring_and_an_error_of_zero_lies_on_the_axis() -> None:
    ax = plot_front(Front(1.0, 0.1, 0.0))
    *_, ring = ax.lines
    assert ring.get_xydata().tolist() == [[5, ax.get_ylim()[0]]]


@pytest.mark.parametrize("plot", [plot_predictions, plot_residuals])
@pytest.mark.parametrize("shapes", [((3,), (4,)), ((3, 1), (3,)), ((0,), (0,))], ids=str)
def test_pairs_must_fit(plot: Any, shapes: tuple) -> None:
    with pytest.raises(ShapeError, match="as many predicted as measured"):
        plot(*map(np.ones, shapes))


def test_an_empty_front_is_no_picture() -> None:
    with pytest.raises(ShapeError, match="no formula"):
        plot_front(Front())
