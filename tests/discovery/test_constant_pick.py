"""A constant as the pick: what the network sees is not denied."""

from dataclasses import replace

import numpy as np

from edgewise.data import Table
from edgewise.discovery.architecture import find_architecture
from edgewise.discovery.judge import Judge
from edgewise.discovery.prepare import prepare
from edgewise.discovery.verdict import decide
from edgewise.formula import parse
from edgewise.train import Levenberg

QUICK = Levenberg(restarts=2, intervals=(3, 6))


def test_a_network_that_sees_more_than_the_mean_is_named() -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (80, 1))
    for y, says in (
        (np.sin(3 * x[:, 0]), "the network does"),
        (np.random.default_rng(1).normal(size=80), "do not tell"),
    ):
        prepared = prepare(Table.from_arrays(x, y), 0)
        found = find_architecture(
            prepared, seed=0, stop=lambda: False, most=1, coarse=QUICK, fine=replace(QUICK, restarts=1)
        )
        judge = Judge(prepared)
        judge(parse("0.5"), "mean")
        verdict = decide(judge, found, prepared)
        assert not verdict.verified
        assert says in verdict.warnings[0]
