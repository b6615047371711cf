"""The error tree is drawn as it is."""

import inspect

import pytest

from edgewise import errors


def classes() -> list[type]:
    return [c for _, c in inspect.getmembers(errors, inspect.isclass) if issubclass(c, Exception)]


@pytest.mark.parametrize("cls", classes(), ids=lambda c: c.__name__)
def test_every_error_stands_in_the_drawing(cls: type) -> None:
    assert f" {cls.__name__} " in errors.__doc__.replace("\n", " ")


def test_all_errors_have_one_root() -> None:
    assert all(issubclass(c, errors.EdgewiseError | UserWarning) for c in classes())


def test_did_you_mean() -> None:
    assert errors.did_you_mean("sine", ["sin", "exp"]) == " Did you mean 'sin'?"
    assert errors.did_you_mean("zzz", ["sin"]) == ""
