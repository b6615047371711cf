"""Fonts for names in any script: the reader's own choice first, then an installed font that has the letters."""

from functools import cache


def families(text: str) -> list[str]:
    """Font families to hand to matplotlib: the default one, and one that has what DejaVu Sans lacks.

    Where no installed font has the letters, matplotlib draws boxes and says so.
    """
    from matplotlib import rcParams

    default = list(rcParams["font.family"])
    missing = frozenset(text) - _letters(_default_font())
    found = _covering(missing) if missing else None
    return [*default, found] if found else default


@cache
def _covering(letters: frozenset[str]) -> str | None:
    from matplotlib.font_manager import fontManager

    usable = [f for f in fontManager.ttflist if f.style == "normal" and f.name.replace(" ", "").isalnum()]
    real = sorted((f for f in usable if "Last Resort" not in f.name), key=lambda font: _preference(font.name))
    return next((font.name for font in real if letters <= _letters(font.fname)), None)


def _preference(name: str) -> tuple[bool, bool, str]:
    """Sans-serif fonts of wide coverage first."""
    return ("Noto" not in name, "Sans" not in name, name)


@cache
def _default_font() -> str:
    from matplotlib.font_manager import findfont

    return str(findfont("DejaVu Sans"))


@cache
def _letters(path: str) -> frozenset[str]:
    from matplotlib.font_manager import get_font

    return frozenset(map(chr, get_font(path).get_charmap()))
