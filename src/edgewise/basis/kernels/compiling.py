"""Functions that numba compiles on their first call, and where what it made is kept.

What is kept is found again by the code, the date of its file and the variables that are closed over: not by the code of
what it calls elsewhere. So a kernel closes over the ``stamp`` of the files that it is made of.
"""

import inspect
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit

LENT = {"nogil": True, "error_model": "numpy", "_nrt": False}  # arrays are lent: counting references costs a third


def inner(function: Callable[..., Any]) -> Any:
    """Compiled into the kernels that call it."""
    return njit(**LENT)(_bare(function))


def kernel(function: Callable[..., Any]) -> Any:
    """Compiled without the interpreter's lock; it must make no arrays of its own."""
    return kept(function, LENT)


def kept(function: Callable[..., Any], settings: dict[str, Any]) -> Any:
    """Compiled, and kept on disk where there is a place for it."""
    try:
        return njit(cache=True, **settings)(_bare(function))
    except RuntimeError:  # no directory that can be written
        return njit(**settings)(_bare(function))


def stamp(*names: str) -> int:
    """A number that changes when these files of this folder do."""
    return zlib.crc32(b"".join(Path(__file__).with_name(name).read_bytes() for name in names))


def _bare(function: Callable[..., Any]) -> Callable[..., Any]:
    return inspect.unwrap(function)  # what checks annotations in the tests has wrapped it
