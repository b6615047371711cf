"""scikit-learn's own checks of an estimator: all of them, with no list of expected failures.

With a tenth of the work each time; with the plain defaults (minutes) among the slow tests.
"""

from collections.abc import Callable
from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from edgewise import KANClassifier, KANRegressor


@pytest.mark.filterwarnings("default")
@parametrize_with_checks([KANRegressor(effort=0.1)])
def test_scikit_learn_is_content(estimator: KANRegressor, check: Callable[[KANRegressor], None]) -> None:
    check(estimator)


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@parametrize_with_checks([KANRegressor(), KANClassifier()])
def test_scikit_learn_is_content_with_the_defaults(
    estimator: KANRegressor | KANClassifier, check: Callable[[Any], None]
) -> None:
    check(estimator)
