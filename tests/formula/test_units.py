"""Units as text, and formulas that agree with them."""

from fractions import Fraction

import pytest

from edgewise.data.laws import LAWS, Law
from edgewise.errors import UnitError
from edgewise.formula import Dimension, Dimensions, dimension, parse

WITH_UNITS = [law for law in LAWS.values() if law.units]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("J", "kg m^2/s^2"),
        ("N·m", "kg*m**2*s**-2"),
        ("kg m2 s-2", "J"),
        ("m s⁻²", "m/s²"),
        ("kJ/(kg K)", "J/kg/K"),
        ("V", "W/A"),
        ("Ω", "V/A"),
        ("T", "V s/m^2"),
        ("F", "C/V"),
        ("H", "Wb/A"),
        ("Gy", "J/kg"),
        ("km per h", "m/s"),
        ("kilometres/hour", "m/s"),
        ("10^3 kg", "g"),
        ("min", "s"),
        ("mm", "metre"),
        ("µm", "m"),
        ("mol/L", "mol m^-3"),
        ("m^(1/2)", "m^0.5"),
        ("kWh", "eV"),
        ("°", "1"),
        ("%", ""),
        ("rad", "-"),
        ("mbar", "Pa"),
        ("kcal", "J"),
        ("Mpc", "m"),
        ("tonnes", "kg"),
        ("(m/s)2", "m2/s2"),
        ("(m/s)^2", "m^2/s^2"),
        ("V/Hz^(1/2)", "V s^0.5"),
        ("(m^2)/2", "m2"),
    ],
)
def test_units_of_one_dimension(one: str, other: str) -> None:
    assert dimension(one) == dimension(other)


def test_dimensions_multiply_and_divide() -> None:
    newton, metre = dimension("N"), dimension("m")
    assert newton * metre == dimension("J")
    assert newton / metre**2 == dimension("Pa")
    assert (metre**2) ** Fraction(1, 2) == metre
    assert (metre / metre).pure
    assert str(Dimension()) == "1"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("furlong", "'furlong' is no unit that is known here"),
        ("metr", "did you mean 'm"),
        ("J/kg K", r"what stands below the line\? Write J/\(kg K\)"),
        ("degC", "no scale that begins at zero. Give the column in K"),
        ("m^", "an exponent is a number"),
        ("m^x", "an exponent is a number"),
        ("(m", "a parenthesis is not closed"),
        ("m)", "is not expected there"),
        ("m/", "it ends too early"),
        ("m^1/2", r"a power or a quotient\? Write \^\(1/2\), or \(...\^1\)/2"),
        ("V/Hz^1/2", "a power or a quotient"),
        ("m²/3", r"Write \^\(2/3\)"),
        ("s-1/2", "a power or a quotient"),
        ("m^2 3", r"is 3 a power\? Write it as \^3"),
        ("ft", "'ft' is no unit of the SI. Give the column in m"),
        ("in", "Give the column in m"),
        ("lb", "Give the column in kg"),
        ("oz", "Give the column in kg"),
        ("psi", "Give the column in Pa"),
        ("mmHg", "Give the column in Pa"),
        ("rpm", "Give the column in 1/s"),
        ("PS", "Give the column in W"),
        ("kt", "Give the column in m/s"),
        ("mph", "Give the column in m/s"),
        ("gal", r"Give the column in m\^3"),
        ("Gs", "Give the column in T"),
        ("pt", "is no unit that is known here. Units"),
        ("ct", "is no unit that is known here. Units"),
        ("at", "is no unit that is known here. Units"),
        ("xq", "is no unit that is known here. Units"),
        ("Celsius", "'Celsius' is no scale that begins at zero. Give the column in K"),
        ("degree Celsius", "Give the column in K"),
        ("degrees C", "'degrees C' is no scale that begins at zero. Give the column in K"),
        ("deg F", "'deg F' is no scale"),
        ("° c", "'° c' is no scale"),
        ("Fahrenheit", "Give the column in K"),
        ("m$", "is not expected there|is no unit"),
    ],
)
def test_what_is_no_unit_is_said(text: str, message: str) -> None:
    with pytest.raises(UnitError, match=message):
        dimension(text)


@pytest.mark.parametrize("law", WITH_UNITS, ids=lambda law: law.name)
def test_the_known_laws_agree_with_their_units(law: Law) -> None:
    known = Dimensions(
        {name: dimension(law.units.get(name, "1")) for name in law.variables},
        dimension(law.units.get(law.output, "1")),
    )
    assert known.doubt(parse(law.formula, law.variables)) == ""


@pytest.mark.parametrize(
    ("text", "doubt"),
    [
        ("m*v", "it is in kg m s^-1, the target in kg m^2 s^-2"),
        ("m + v", "m is in kg, and v beside it in m s^-1"),
        ("m*v**2*exp(v)", "exp(v) is a function of something in m s^-1"),
        ("m*v**2*2**m", "2**m has an exponent in kg"),
        ("m*v**2.01", "it is in kg"),
        ("maximum(m, v)", "beside it in"),
        ("m*v**2*v**(v/v)", "it is in"),
    ],
)
def test_what_cannot_be_is_doubted(text: str, doubt: str) -> None:
    known = Dimensions({"m": dimension("kg"), "v": dimension("m/s")}, dimension("J"))
    assert doubt in known.doubt(parse(text, ["m", "v"]))
    assert known.nats(parse(text, ["m", "v"])) > 0


@pytest.mark.parametrize(
    "text", ["m*v**2/2", "relu(m)*v**2", "abs(m*v)*v", "m*v**2*sign(v)", "-m*v**2*step(v)", "m*sqrt(v**4 + 3*v**4)"]
)
def test_what_can_be_is_not(text: str) -> None:
    known = Dimensions({"m": dimension("kg"), "v": dimension("m/s")}, dimension("J"))
    assert known.agree(parse(text, ["m", "v"]))
