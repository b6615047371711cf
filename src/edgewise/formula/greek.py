"""Names of columns that are read as a letter with an index."""

import re
import unicodedata

GREEK = re.findall(
    r"\w+",
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon phi chi psi "
    "omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega",
)
_SHORT = re.compile(rf"([A-Za-z]|{'|'.join(GREEK)})_?([0-9]*|(?<=_)[A-Za-z0-9]+)")


def letter_and_index(name: str) -> tuple[str, str] | None:
    """``theta_max`` -> ("theta", "max"); None for a name that is no letter with an index.

    >>> letter_and_index("theta0"), letter_and_index("depth")
    (('theta', '0'), None)
    """
    short = _SHORT.fullmatch(name)
    return (short[1], short[2]) if short else None


def sign_of(letter: str) -> str:
    """``theta`` -> ``θ``; other letters stay."""
    if letter not in GREEK:
        return letter
    spelled = "LAMDA" if letter.lower() == "lambda" else letter.upper()
    return unicodedata.lookup(f"GREEK {'SMALL' if letter.islower() else 'CAPITAL'} LETTER {spelled}")
