"""One network as SVG and as a matplotlib figure, with the plots of its errors."""

from pathlib import Path

import numpy as np

import edgewise as ew
from edgewise.view import network_svg, plot_front, plot_predictions


def main(folder: Path = Path()) -> None:
    """Write network.svg, network.pdf, front.pdf and predictions.pdf into ``folder``."""
    rng = np.random.default_rng(0)
    x = rng.uniform(0.5, 3.0, (300, 2))
    y = np.sqrt(x[:, 0] ** 2 + x[:, 1] ** 2)
    found = ew.discover(ew.Table.from_arrays(x, y, ["a", "b"], "c"), time_budget=20)
    assert found.model is not None

    (folder / "network.svg").write_text(network_svg(found.model, found.sample), encoding="utf-8")
    found.plot(use="network").figure.savefig(folder / "network.pdf")
    plot_front(found.front).figure.savefig(folder / "front.pdf")
    plot_predictions(y, found.predict(x, use="network"), name="c").figure.savefig(folder / "predictions.pdf")
    print(f"{found.formula}: four pictures in {folder.resolve()}")


if __name__ == "__main__":
    main()
