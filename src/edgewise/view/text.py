"""How much room a text takes, and how to fit it into what there is. No font is loaded: the widths are good guesses."""

import unicodedata

ELLIPSIS, GLUE = "…", "\u00a0"  # no line is broken at a no-break space
RAISED_SIZE, RAISED_BY = 0.75, 0.36  # of an exponent, in the size of its base
_NARROW = frozenset("iljtfrI.,:;|!'()[]{} -·")
_BROAD = frozenset("mwMW@%—")


def text_width(text: str, size: float) -> float:
    """The width of ``text`` in a common sans-serif font of that size, to some 10 %."""
    return size * sum(map(_share, text))


def _share(char: str) -> float:
    if unicodedata.combining(char):
        return 0.0
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    if char in _NARROW:
        return 0.36
    return 0.88 if char in _BROAD else 0.7 if char.isupper() else 0.6


def shorten(text: str, size: float, room: float) -> str:
    """``text``, or as much of it as fits into ``room`` with an ellipsis behind."""
    if text_width(text, size) <= room:
        return text
    while text and text_width(text + ELLIPSIS, size) > room:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS


def wrap(text: str, size: float, room: float, most: int = 3) -> tuple[str, ...]:
    """``text`` in at most ``most`` lines of that width, broken at spaces; what does not fit is shortened.

    >>> wrap("sound pressure level [dB]", 12, 110)
    ('sound pressure', 'level [dB]')
    """
    lines: list[str] = []
    for word in filter(None, text.replace("\n", " ").split(" ")):
        together = f"{lines[-1]} {word}" if lines else word
        if lines and (text_width(together, size) <= room or len(lines) == most):
            lines[-1] = together
        else:
            lines.append(word)
    return tuple(shorten(line, size, room) for line in lines)


def true_minus(label: str) -> str:
    """A formula with minus signs instead of hyphens."""
    return label.replace("-", "−")


def raised(label: str) -> list[tuple[str, bool]]:
    """A formula of one line in pieces: (text, whether it is an exponent).

    >>> raised("2 x^1.5 + 1")
    [('2 x', False), ('1.5', True), (' + 1', False)]
    """
    base, *rest = label.split("^")
    pieces = [(base, False)]
    for part in rest:
        power = part[: len(part) - len(part.lstrip("0123456789.-−"))]
        pieces += [(power, True), (part[len(power) :], False)]
    return [piece for piece in pieces if piece[0]]


def label_width(label: str, size: float) -> float:
    """The width of a formula with its exponents raised."""
    return sum(text_width(text, size * (RAISED_SIZE if up else 1)) for text, up in raised(label))
