"""Units as text, and the dimension that each of them has.

A dimension is a product of powers of the seven base units of the SI; that a kilometre is a thousand metres is not part of
it. Read are SI units and those in use beside them, with prefixes, in products (``kg m``, ``kg*m``), quotients (``m/s``) and
powers (``s^-2``, ``s**-2``, ``s-2``, ``s²``). Source: the SI brochure, 9th edition (BIPM 2019), tables 2, 4, 7 and 8.

>>> str(dimension("J/(kg K)")), str(dimension("km/h")), str(dimension("%"))
('m^2 s^-2 K^-1', 'm s^-1', '1')
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from edgewise.errors import UnitError, did_you_mean

GUESSED = 4  # letters from which on a wrong name is near enough to one other
BASE = ("kg", "m", "s", "A", "K", "mol", "cd")


@dataclass(frozen=True)
class Dimension:
    """Exponents of `BASE`, exact; the product, the quotient and rational powers of dimensions are dimensions."""

    powers: tuple[Fraction, ...] = (Fraction(0),) * len(BASE)

    @property
    def pure(self) -> bool:
        """Whether it is that of a plain number."""
        return not any(self.powers)

    def __mul__(self, other: "Dimension") -> "Dimension":
        return Dimension(tuple(a + b for a, b in zip(self.powers, other.powers, strict=True)))

    def __truediv__(self, other: "Dimension") -> "Dimension":
        return self * other ** Fraction(-1)

    def __pow__(self, exponent: Fraction) -> "Dimension":
        return Dimension(tuple(power * exponent for power in self.powers))

    def __str__(self) -> str:
        written = [
            name if power == 1 else f"{name}^{power}" for name, power in zip(BASE, self.powers, strict=True) if power
        ]
        return " ".join(written) or "1"


PURE = Dimension()
_PREFIXES = {
    "Q": "quetta", "R": "ronna", "Y": "yotta", "Z": "zetta", "E": "exa", "P": "peta", "T": "tera", "G": "giga", "M": "mega",
    "k": "kilo", "h": "hecto", "da": "deca", "d": "deci", "c": "centi", "m": "milli", "µ": "micro", "μ": "micro",
    "u": "micro", "n": "nano", "p": "pico", "f": "femto", "a": "atto", "z": "zepto", "y": "yocto", "r": "ronto",
    "q": "quecto",
}  # fmt: skip
_PREFIXED = {
    # symbol: (name, the same in base units)
    "m": ("metre meter", {"m": 1}),
    "g": ("gram", {"kg": 1}),
    "s": ("second sec", {"s": 1}),
    "A": ("ampere amp", {"A": 1}),
    "K": ("kelvin", {"K": 1}),
    "mol": ("mole", {"mol": 1}),
    "cd": ("candela", {"cd": 1}),
    "rad": ("radian", {}),
    "sr": ("steradian", {}),
    "Hz": ("hertz", {"s": -1}),
    "N": ("newton", {"kg": 1, "m": 1, "s": -2}),
    "Pa": ("pascal", {"kg": 1, "m": -1, "s": -2}),
    "J": ("joule", {"kg": 1, "m": 2, "s": -2}),
    "W": ("watt", {"kg": 1, "m": 2, "s": -3}),
    "C": ("coulomb", {"A": 1, "s": 1}),
    "V": ("volt", {"kg": 1, "m": 2, "s": -3, "A": -1}),
    "F": ("farad", {"kg": -1, "m": -2, "s": 4, "A": 2}),
    "Ω": ("ohm", {"kg": 1, "m": 2, "s": -3, "A": -2}),
    "S": ("siemens", {"kg": -1, "m": -2, "s": 3, "A": 2}),
    "Wb": ("weber", {"kg": 1, "m": 2, "s": -2, "A": -1}),
    "T": ("tesla", {"kg": 1, "s": -2, "A": -1}),
    "H": ("henry", {"kg": 1, "m": 2, "s": -2, "A": -2}),
    "lm": ("lumen", {"cd": 1}),
    "lx": ("lux", {"cd": 1, "m": -2}),
    "Bq": ("becquerel", {"s": -1}),
    "Gy": ("gray", {"m": 2, "s": -2}),
    "Sv": ("sievert", {"m": 2, "s": -2}),
    "kat": ("katal", {"mol": 1, "s": -1}),
    "L": ("litre liter", {"m": 3}),
    "l": ("", {"m": 3}),
    "eV": ("electronvolt", {"kg": 1, "m": 2, "s": -2}),
    "bar": ("", {"kg": 1, "m": -1, "s": -2}),
    "t": ("tonne", {"kg": 1}),
    "cal": ("calorie", {"kg": 1, "m": 2, "s": -2}),
    "Wh": ("", {"kg": 1, "m": 2, "s": -2}),
    "pc": ("parsec", {"m": 1}),
}
_FEW_PREFIXES = {"t": (), "bar": ("m",), "cal": ("k",), "pc": ("k", "M")}
"""Of these units only; with others there would be words that mean something else, like ft, kt and pt."""

_ALONE = {
    "min": ("minute", {"s": 1}),
    "h": ("hour hr", {"s": 1}),
    "d": ("day", {"s": 1}),
    "yr": ("year", {"s": 1}),
    "ha": ("hectare", {"m": 2}),
    "Da": ("dalton", {"kg": 1}),
    "u": ("", {"kg": 1}),
    "au": ("AU", {"m": 1}),
    "ly": ("", {"m": 1}),
    "Å": ("angstrom", {"m": 1}),
    "atm": ("", {"kg": 1, "m": -1, "s": -2}),
    "°": ("degree deg", {}),
    "%": ("percent", {}),
    "‰": ("ppm ppb", {}),
    "-": ("dimensionless", {}),
}
_USUAL = {
    *_PREFIXED,
    *_ALONE,
    "kg",
    "km",
    "cm",
    "mm",
    "kPa",
    "MPa",
    "kJ",
    "MJ",
    "kW",
    "MW",
    "kHz",
    "MHz",
    "GHz",
    "mV",
    "mA",
}
"""Symbols that a wrong name may be meant for; of the short ones there are too many with prefixes."""

_NO_SCALE = {
    "°C": "K", "degC": "K", "degc": "K", "degf": "K", "celsius": "K",
    "°F": "K", "degF": "K", "fahrenheit": "K", "centigrade": "K", "dB": "the ratio itself",
    "pH": "mol/L", "mag": "W/m^2",
}  # fmt: skip
"""What has no zero, or a logarithm's: products and ratios of such numbers mean nothing."""

_DEGREES = re.compile(r"(?:°|\bdeg(?:rees?)?)[ _.]+([CF])\b", re.IGNORECASE)
_FOREIGN = {
    "ft": "m", "foot": "m", "feet": "m", "in": "m", "inch": "m", "inches": "m", "yd": "m", "mi": "m", "mile": "m",
    "miles": "m", "lb": "kg", "lbs": "kg", "oz": "kg", "lbf": "N", "psi": "Pa", "mmHg": "Pa", "Torr": "Pa", "rpm": "1/s",
    "PS": "W", "hp": "W", "kt": "m/s", "kn": "m/s", "knots": "m/s", "mph": "m/s", "gal": "m^3", "Gs": "T",
}  # fmt: skip
"""Words for units outside the SI, with the unit of the SI to take instead."""

_HIGH = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_WORD = re.compile(
    r"\s*(?:(?P<power>\*\*|\^)|(?P<times>[*·⋅×])|(?P<over>/|\bper\b)|(?P<open>\()|(?P<close>\))"
    r"|(?P<high>[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺]+)|(?P<name>°[CF]?|%|‰|(?:(?![⁰¹²³⁴⁵⁶⁷⁸⁹])[^\W\d_])+)|(?P<number>[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)|(?P<other>\S))"
)


def dimension(text: str) -> Dimension:
    """The dimension of a unit. ``""``, ``"1"`` and ``"-"`` are plain numbers. Raises UnitError for what is no unit."""
    if text.strip() in ("", "-"):
        return PURE
    if degrees := _DEGREES.search(text):
        raise _Reader(text).error(f"{degrees[0]!r} is no scale that begins at zero. Give the column in K")
    return _Reader(text).whole()


@cache
def _known() -> dict[str, Dimension]:
    """All names: symbols and words, with prefixes where they may have one; what stands alone comes first (min, not m-in)."""
    found: dict[str, Dimension] = {}
    for table, prefixes in ((_PREFIXED, {"": "", **_PREFIXES}), (_ALONE, {"": ""})):
        for symbol, (words, powers) in table.items():
            few = _FEW_PREFIXES.get(symbol, prefixes)
            for short, long in prefixes.items():
                if short and short not in few:
                    continue
                names = [short + symbol, *(long + word + plural for word in words.split() for plural in ("", "s"))]
                for name in names:
                    if not short or name not in found:
                        found[name] = _of(powers)
    return found


def _of(powers: dict[str, int]) -> Dimension:
    return Dimension(tuple(Fraction(powers.get(name, 0)) for name in BASE))


class _Reader:
    """unit := factor (("*" | "/" | beside) factor)*;  factor := (name | number | "(" unit ")") [power]."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = [(str(found.lastgroup), str(found[found.lastgroup or 0])) for found in _WORD.finditer(text)]
        self.at = 0

    def whole(self) -> Dimension:
        found = self.unit()
        if self.at < len(self.words):
            raise self.error(f"{self.words[self.at][1]!r} is not expected there")
        return found

    def unit(self) -> Dimension:
        found, divided = self.factor(), False
        for operator in self.operators():
            if operator == "beside" and divided:
                raise self.error(f"what stands below the line? Write {_below_the_line(self.text)} or the like")
            if operator == "beside" and self.at and self.words[self.at][0] == "number":
                raise self.error(
                    f"is {self.words[self.at][1]} a power? Write it as ^{self.words[self.at][1]}, or before the unit"
                )
            factor = self.factor()
            found, divided = (found / factor, True) if operator == "over" else (found * factor, divided)
        return found

    def operators(self) -> Iterator[str]:
        while self.at < len(self.words) and (kind := self.words[self.at][0]) != "close":
            self.at += kind in ("times", "over")
            yield kind if kind in ("times", "over") else "beside"

    def factor(self) -> Dimension:
        kind, word = self.words[self.at] if self.at < len(self.words) else ("end", "")
        self.at += 1
        if kind == "open":
            found = self.unit()
            if self.take("close") is None:
                raise self.error("a parenthesis is not closed")
        elif kind == "name":
            found = self.named(word)
        elif kind == "number":
            found = PURE  # 10^3 kg is so many kg
        else:
            raise self.error("it ends too early" if kind == "end" else f"{word!r} is not expected there")
        before = self.at
        exponent = self.exponent(bare=kind in ("name", "open"))
        if kind != "number" and self.at > before and self.words[self.at - 1][0] != "close":
            self.require_no_fraction(exponent)
        return found**exponent

    def require_no_fraction(self, exponent: Fraction) -> None:
        """UnitError for ``m^1/2``, which some read as the root of a metre and others as half of one."""
        if [kind for kind, _ in self.words[self.at : self.at + 2]] == ["over", "number"]:
            below = self.words[self.at + 1][1]
            raise self.error(f"a power or a quotient? Write ^({exponent}/{below}), or (...^{exponent})/{below}")

    def named(self, name: str) -> Dimension:
        if scaled := _NO_SCALE.get(name) or _NO_SCALE.get(name.lower()):
            raise self.error(f"{name!r} is no scale that begins at zero. Give the column in {scaled}")
        if name in _FOREIGN:
            raise self.error(f"{name!r} is no unit of the SI. Give the column in {_FOREIGN[name]}")
        known = _known()
        if name not in known:
            usual = [name for name in known if name.isascii() and (len(name) > 4 or name in _USUAL)]
            hint = did_you_mean(name, usual) if len(name) >= GUESSED else ""
            raise self.error(f"{name!r} is no unit that is known here{hint.replace(' Did', ': did').rstrip('?')}")
        return known[name]

    def exponent(self, bare: bool) -> Fraction:
        if (high := self.take("high")) is not None:
            return self.read(high.translate(_HIGH))
        if self.take("power") is None:
            number = self.take("number") if bare else None
            return Fraction(1) if number is None else self.read(number)
        if self.take("open") is None:
            return self.read(self.take("number"))
        above = self.read(self.take("number"))
        below = self.read(self.take("number")) if self.take("over") else Fraction(1)
        if self.take("close") is None or not below:
            raise self.error("an exponent in parentheses is a number or a fraction, like (1/2)")
        return above / below

    def read(self, number: str | None) -> Fraction:
        try:
            return Fraction(number or "")
        except ValueError:
            raise self.error("an exponent is a number, like 2, -1, 0.5 or (1/2)") from None

    def take(self, kind: str) -> str | None:
        """The next word if it is of this kind."""
        if self.at >= len(self.words) or self.words[self.at][0] != kind:
            return None
        self.at += 1
        return self.words[self.at - 1][1]

    def error(self, what: str) -> UnitError:
        return UnitError(
            f"the unit {self.text!r}: {what}. Units are written like kg m^2/s^2 or J/(kg K), plain numbers as 1."
        )


def _below_the_line(text: str) -> str:
    above, _, below = text.partition("/")
    return f"{above.strip()}/({below.strip()})"
