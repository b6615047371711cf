"""The house keeps its own rules: public names, docstrings that run, sizes, silence."""

import ast
import doctest
import importlib
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import edgewise
from edgewise import formula

SOURCE = Path(edgewise.__file__).parent
FILES = sorted(SOURCE.rglob("*.py"))
ROOMS = (
    "basis",
    "data",
    "discovery",
    "errors",
    "estimators",
    "formula",
    "nn",
    "primitives",
    "pykan",
    "solve",
    "surgery",
    "symbolic",
    "train",
    "view",
)
OPTIONAL = {"edgewise.basis.kernels.gpu": "triton", "edgewise.basis.kernels.programs": "triton"}  # what they need
LONGEST = 500  # lines of a module; one thought a file


def module_names() -> Iterator[str]:
    yield "edgewise"
    for found in pkgutil.walk_packages(edgewise.__path__, "edgewise."):
        if not found.name.endswith("__main__"):
            yield found.name


def name_of(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def public_names(room: ModuleType) -> list[str]:
    return list(getattr(room, "__all__", [name for name in vars(room) if not name.startswith("_")]))


# -- public names ------------------------------------------------------------------------------------------------------


def test_all_is_what_can_be_imported() -> None:
    missing = [name for name in edgewise.__all__ if not hasattr(edgewise, name)]
    assert missing == []
    assert sorted(edgewise.__all__) == dir(edgewise)
    assert len(set(edgewise.__all__)) == len(edgewise.__all__)
    assert set(ROOMS) <= set(edgewise.__all__)


def test_nothing_that_can_be_imported_is_missing_from_all() -> None:
    lazy = {*edgewise._PUBLIC, *edgewise._ROOMS, "__version__"}
    assert lazy == set(edgewise.__all__)


def test_the_names_that_type_checkers_see_are_the_same() -> None:
    tree = ast.parse((SOURCE / "__init__.py").read_text())
    seen = {
        alias.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level for alias in node.names
    }
    assert seen == set(edgewise._PUBLIC)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'KAM'"):
        edgewise.KAM  # noqa: B018 - the access is what is tested


def test_importing_the_house_imports_no_room_and_nothing_heavy() -> None:
    heavy = "torch", "numpy", "sympy", "pandas", "scipy", "matplotlib", "sklearn"
    code = f"import edgewise, sys; print([m for m in sys.modules if m.split('.')[0] in {heavy} or m.startswith('edgewise.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("room", ROOMS)
def test_rooms_offer_what_they_promise(room: str) -> None:
    module = importlib.import_module(f"edgewise.{room}")
    names = public_names(module)
    assert names
    assert all(hasattr(module, name) for name in names)
    if hasattr(module, "__all__"):
        assert len(set(names)) == len(names)


# -- docstrings --------------------------------------------------------------------------------------------------------


def undocumented(module: ModuleType) -> Iterator[str]:
    """Public functions, classes, methods and properties without a docstring of their own."""
    for name in public_names(module):
        thing = getattr(module, name)
        if not (inspect.isclass(thing) or inspect.isfunction(thing)) or not thing.__module__.startswith("edgewise"):
            continue
        if not inspect.getdoc(thing):
            yield name
        if inspect.isclass(thing):
            for member, value in vars(thing).items():
                function = value.fget if isinstance(value, property) else getattr(value, "__func__", value)
                if (
                    not member.startswith("_")
                    and inspect.isfunction(function)
                    and not inspect.getdoc(getattr(thing, member))
                ):
                    yield f"{name}.{member}"


@pytest.mark.parametrize("room", ROOMS)
def test_public_names_say_what_they_are(room: str) -> None:
    module = importlib.import_module(f"edgewise.{room}")
    assert module.__doc__
    assert list(undocumented(module)) == []


def test_every_module_begins_with_what_it_is() -> None:
    silent = [
        name_of(path)
        for path in FILES
        if path.name != "__main__.py" and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


@pytest.mark.parametrize("name", list(module_names()))
def test_examples_in_docstrings_run(name: str) -> None:
    if name in OPTIONAL:
        pytest.importorskip(OPTIONAL[name])
    module = importlib.import_module(name)
    known = {n: getattr(formula, n) for n in formula.__all__} | {"np": np}  # what a reader of an example has at hand
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    failures, _ = doctest.testmod(module, extraglobs=known | vars(module), optionflags=flags)
    assert failures == 0


def test_there_are_examples() -> None:
    assert sum(path.read_text().count(">>> ") for path in FILES) > 60


# -- silence and size --------------------------------------------------------------------------------------------------


def calls(path: Path) -> Iterator[ast.Call]:
    yield from (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def test_nothing_prints_evaluates_or_unpickles() -> None:
    forbidden = {"print", "eval", "exec", "compile", "__import__", "breakpoint"}
    found = [
        f"{name_of(path)}:{call.lineno} {call.func.id}"
        for path in FILES
        for call in calls(path)
        if isinstance(call.func, ast.Name) and call.func.id in forbidden
    ]
    assert found == []
    imported = [
        name_of(path) for path in FILES if "import pickle" in path.read_text() or "from pickle" in path.read_text()
    ]
    assert imported == []


def test_no_text_from_outside_reaches_sympify() -> None:
    """sympify evaluates text; strict=True refuses it."""
    loose = [
        f"{name_of(path)}:{call.lineno}"
        for path in FILES
        for call in calls(path)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in ("sympify", "parse_expr")
        and not any(k.arg == "strict" and getattr(k.value, "value", False) for k in call.keywords)
    ]
    assert loose == []


def test_nobody_sets_what_belongs_to_the_caller() -> None:
    owned = {"manual_seed", "set_default_dtype", "set_num_threads", "seterr", "filterwarnings", "simplefilter", "use"}
    found = [
        f"{name_of(path)}:{call.lineno} {ast.unparse(call.func)}"
        for path in FILES
        for call in calls(path)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr in owned
        and ast.unparse(call.func.value) in ("torch", "np", "numpy", "np.random", "warnings", "matplotlib", "plt")
        and not in_a_context(path, call)
    ]
    assert found == []


def in_a_context(path: Path, call: ast.Call) -> bool:
    """Whether the call stands inside ``with warnings.catch_warnings()``, which undoes it."""
    tree = ast.parse(path.read_text())
    return any(
        "catch_warnings" in ast.unparse(item.context_expr)
        for node in ast.walk(tree)
        if isinstance(node, ast.With) and node.lineno <= call.lineno <= (node.end_lineno or 0)
        for item in node.items
    )


def test_modules_are_one_thought_each() -> None:
    long = {name_of(path): count for path in FILES if (count := len(path.read_text().splitlines())) > LONGEST}
    assert long == {}


def test_no_annotations_of_the_future() -> None:
    assert [name_of(path) for path in FILES if "from __future__" in path.read_text()] == []
