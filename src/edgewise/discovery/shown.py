"""A discovery on paper: the lines of its constants, HTML for notebooks, Markdown for notes."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from edgewise.formula import Formula

if TYPE_CHECKING:
    from .result import Discovery

FRONT = ("complexity", "rmse", "r2", "score", "equation")
FORMATS = {"rmse": ".3g", "r2": ".6f", "score": ".2f"}


def constants_line(formula: Formula | None) -> Iterator[str]:
    """``constants c1 = 9.81 +- 0.02, c2 = ...``; nothing where there are none."""
    if formula is not None and (rows := formula.constants_rows()):
        yield "constants " + ", ".join(f"{row['name']} = {row['text']}" for row in rows)


def html(found: "Discovery") -> str:
    """The picture, the verdict, the constants and the front. All names are escaped."""
    parts = [found.svg() or "", f"<p>{escape(found.verdict)}</p>"]
    if rows := _constants(found):
        parts.append(_html_table(("constant", "value and standard error"), rows))
    parts.append(_html_table(FRONT, _front(found)))
    return "".join(parts)


def markdown(found: "Discovery") -> str:
    """The verdict, the constants and the front."""
    parts = [_in_code(found.verdict)]
    if rows := _constants(found):
        parts.append(_markdown_table(("constant", "value and standard error"), rows))
    *heads, equation = FRONT
    front = ([*cells, _in_code(formula)] for *cells, formula in _front(found))
    return "\n\n".join([*parts, _markdown_table((*heads, equation), front)]) + "\n"


def _constants(found: "Discovery") -> list[list[str]]:
    rows = [] if found.formula is None else found.formula.constants_rows()
    return [[row["name"], row["text"].replace("+-", "±")] for row in rows]


def _front(found: "Discovery") -> list[list[str]]:
    return [[_cell(name, row[name]) for name in FRONT] for row in found.front.rows()]


def _cell(name: str, value: Any) -> str:
    return format(value, FORMATS.get(name, ""))


def _html_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    body = "".join(line(row, "td") for row in rows)
    return f"<table><thead>{line(head, 'th')}</thead><tbody>{body}</tbody></table>"


def _markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _in_code(text: str) -> str:
    """Formulas hold stars and underscores, which Markdown would take for its own; a backtick cannot be kept in code."""
    return "`" + text.replace("`", "'").replace("\n", " ") + "`"
