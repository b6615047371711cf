"""Which of scikit-learn's checks wait for the slow tests."""

import pytest

DEAR = ("check_regressor_data_not_an_array", "check_regressors_train", "readonly_memmap=True")
"""Five to twenty fits each of what other checks fit, too: other containers, memory that is read only."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them, before the marks are looked at."""
    for item in items:
        is_check = "test_checks.py" in item.nodeid or "nothing_to_object" in item.nodeid
        if is_check and any(name in item.name for name in DEAR):
            item.add_marker(pytest.mark.slow)
