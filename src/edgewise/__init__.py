"""A table comes in, a network of one-dimensional functions is fitted, cut and named, and a formula goes out."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .data import Table, read_table
    from .discovery import Discoveries, Discovery, Dynamics, discover, discover_each, discover_ode
    from .estimators import KANClassifier, KANRegressor
    from .formula import Formula, Front
    from .nn import KAN, KANLayer, Model
    from .primitives import Primitive

__all__ = [
    "KAN",
    "Discoveries",
    "Discovery",
    "Dynamics",
    "Formula",
    "Front",
    "KANClassifier",
    "KANLayer",
    "KANRegressor",
    "Model",
    "Primitive",
    "Table",
    "__version__",
    "basis",
    "data",
    "discover",
    "discover_each",
    "discover_ode",
    "discovery",
    "errors",
    "estimators",
    "formula",
    "nn",
    "primitives",
    "pykan",
    "read_table",
    "solve",
    "surgery",
    "symbolic",
    "train",
    "view",
]

# name -> the room that holds it; imported when first asked for, so that `import edgewise` costs next to nothing
_PUBLIC = {
    "Discoveries": "discovery",
    "Discovery": "discovery",
    "Dynamics": "discovery",
    "Formula": "formula",
    "Front": "formula",
    "KAN": "nn",
    "KANClassifier": "estimators",
    "KANLayer": "nn",
    "KANRegressor": "estimators",
    "Model": "nn",
    "Primitive": "primitives",
    "Table": "data",
    "discover": "discovery",
    "discover_each": "discovery",
    "discover_ode": "discovery",
    "read_table": "data",
}
_ROOMS = (
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


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        return getattr(import_module(f"{__name__}.{_PUBLIC[name]}"), name)
    if name in _ROOMS:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
