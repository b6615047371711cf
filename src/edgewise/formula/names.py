"""Names of columns as names in formulas.

>>> identifiers(["L", "bed depth [cm]", "lambda", "温度", "sin"])
{'L': 'L', 'bed depth [cm]': 'bed_depth_cm', 'lambda': 'lambda_', '温度': '温度', 'sin': 'sin_'}
"""

import re
import unicodedata
from collections.abc import Collection, Sequence
from keyword import iskeyword

from edgewise.errors import ColumnError
from edgewise.primitives import SPECIAL_FUNCTIONS

from .parse import ALIASES, CALLS

# e is no longer a constant where it is a variable, pi always is one; the modules are names in exported code
RESERVED = (
    (frozenset(CALLS) | frozenset(ALIASES) | {"pi", "np", "numpy", "scipy", "sympy"})
    - frozenset(SPECIAL_FUNCTIONS)
    - {"airy"}
)


def identifiers(columns: Sequence[str]) -> dict[str, str]:
    """A name that can stand in a formula for each column: itself where possible, else a readable one; all different.

    Raises ColumnError where two columns have the same name.
    """
    if twice := sorted({name for name in columns if list(columns).count(name) > 1}):
        raise ColumnError(f"columns must have different names, but {', '.join(map(repr, twice))} comes twice.")
    chosen = {name: name for name in columns if _is_safe(name)}
    for name in columns:
        if name not in chosen:
            chosen[name] = _unused(_cleaned(name), chosen.values())
    return {name: chosen[name] for name in columns}


def safe_names(
    names: Sequence[str], reserved: Collection[str], ascii_only: bool = True, ignore_case: bool = False
) -> list[str]:
    """The names as another language can hold them: none of ``reserved``, all different, of at most 50 letters.

    >>> safe_names(["L", "l", "温度", "Höhe", "int"], {"int"}, ignore_case=True)
    ['L', 'l_2', 'u6e29_u5ea6', 'Hohe', 'int_']
    """

    def key(name: str) -> str:
        return name.lower() if ignore_case else name

    taken = {key(name) for name in reserved}
    chosen = []
    for name in names:
        plain = (_ascii(name) if ascii_only else name)[:50]
        plain = plain if key(plain) not in {key(word) for word in reserved} else f"{plain}_"
        number, free = 2, plain
        while key(free) in taken:
            free, number = f"{plain}_{number}", number + 1
        taken.add(key(free))
        chosen.append(free)
    return chosen


def _ascii(name: str) -> str:
    """Letters without their accents; others by their number."""
    parts = []
    for letter in name:
        base = "".join(c for c in unicodedata.normalize("NFKD", letter) if c.isascii() and (c.isalnum() or c == "_"))
        parts.append(base or f"_u{ord(letter):x}_")
    return re.sub("_+", "_", "".join(parts)).strip("_") or "x"


def _is_safe(name: str) -> bool:
    normal = unicodedata.normalize("NFKC", name) == name  # Python reads other forms of a letter as this one
    return normal and name.isidentifier() and not iskeyword(name) and name not in RESERVED


def _cleaned(name: str) -> str:
    letters = (c if f"_{c}".isidentifier() else "_" for c in unicodedata.normalize("NFKC", name))
    cleaned = re.sub("_+", "_", "".join(letters)).strip("_") or "x"
    if not cleaned.isidentifier():  # starts with a digit
        cleaned = f"x{cleaned}"
    return cleaned if _is_safe(cleaned) else f"{cleaned}_"


def _unused(name: str, taken: Collection[str]) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name}_{number}", number + 1
    return free
