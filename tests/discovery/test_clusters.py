"""Shapes tried on other machines: joblib's dask backend, and deadlines that travel."""

import pickle
import sys
import time

import numpy as np
import pytest

from edgewise import discover
from edgewise.discovery.clock import Clock, Until

GENERATOR = np.random.default_rng(0)
X = GENERATOR.uniform(-1, 1, (2, 60))
TABLE = {"a": X[0], "b": X[1], "y": np.exp(X[0] * X[1]) + 0.3 * GENERATOR.standard_normal(60)}


def test_a_deadline_travels_as_the_seconds_that_are_left(monkeypatch: pytest.MonkeyPatch) -> None:
    here = time.monotonic
    sent = [pickle.dumps(Until(here() + seconds)) for seconds in (-1.0, 100.0)]
    monkeypatch.setattr(time, "monotonic", lambda: here() + 1e6)  # the clock of another machine
    passed, to_come = (pickle.loads(one) for one in sent)  # noqa: S301 - our own bytes
    assert passed()
    assert not to_come()
    assert to_come.moment == pytest.approx(here() + 1e6 + 100, abs=1.0)


def test_a_share_of_what_is_left() -> None:
    clock = Clock(100.0)
    assert clock.until(0.5).moment == pytest.approx(time.monotonic() + 50, abs=1.0)
    assert not clock.until()()
    assert Clock(0.0).until()()


def _has_trained() -> bool:
    return "edgewise.discovery.architecture" in sys.modules


@pytest.mark.slow
def test_a_cluster_gives_the_answer_of_one_worker() -> None:
    distributed = pytest.importorskip("distributed", reason="dask is not installed here: pip install 'edgewise[dask]'")
    from joblib import parallel_config

    alone = discover(TABLE, "y", effort=0.1, time_budget=300)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
        parallel_config(backend="dask"),
    ):
        found = discover(TABLE, "y", effort=0.1, time_budget=300, workers=2)
        assert any(client.run(_has_trained).values())  # shapes were tried there, not here
    assert not alone.cut
    assert not found.cut
    assert [formula.equation for formula in found.front] == [formula.equation for formula in alone.front]
    assert found.network_shape == alone.network_shape
    np.testing.assert_array_equal(found.predict(X.T, use="network"), alone.predict(X.T, use="network"))
