"""The picture at the head of the README: a network trained, pruned and named. ``python -m examples.readme_picture``."""

import re
import sys
from pathlib import Path

from edgewise.formula import to_text
from edgewise.nn import KAN
from edgewise.view import network_svg

from .toy_by_hand import cut_and_sharpen, formula, name_edges, sparsify, table

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "discovery.svg"
WIDTH, HEIGHT, FOOT = 1000, 285, 50
ROOM = (480, 200, 260)  # widths for the three networks


def main(picture: Path = PICTURE) -> None:
    """Run the discovery by hand and draw three of its stages side by side."""
    data = table()
    sparse = sparsify(data)
    lean = cut_and_sharpen(sparse, data)
    named = name_edges(lean, data)
    law = to_text(formula(named, data))
    stages = zip(("trained", "pruned", "named"), (sparse, lean, named), ROOM, strict=True)
    parts, at = [], 0.0
    for title, network, room in stages:
        parts.append(panel(network, data.x, title, at, room))
        at += room + (WIDTH - sum(ROOM)) / (len(ROOM) - 1)
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.write_text(compose(parts, f"y = {law}"), encoding="utf-8")


def panel(network: KAN, rows: object, title: str, left: float, room: float) -> str:
    """One network as a nested SVG, as large as its room allows, standing on a common ground line."""
    svg = network_svg(network, rows, inputs=("x1", "x2"), targets=("y",), title=title)
    width, height = (float(side) for side in re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg).groups())
    scale = min(room / width, HEIGHT / height)
    x, y = left + (room - scale * width) / 2, HEIGHT - scale * height
    place = f'<svg x="{x:.1f}" y="{y:.1f}" width="{scale * width:.1f}" height="{scale * height:.1f}" '
    return re.sub(r' width="[\d.]+" height="[\d.]+"', "", svg, count=1).replace("<svg ", place, 1)


def compose(parts: list[str], law: str) -> str:
    """The panels above the formula that they end in."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT + FOOT}" font-family="Menlo, monospace">',
            *parts,
            f'<text class="law" x="{WIDTH / 2}" y="{HEIGHT + FOOT - 14}" font-size="19" text-anchor="middle">{law}</text>',
            "<style>.law{fill:#c2410c}@media (prefers-color-scheme:dark){.law{fill:#fdba74}}</style>",
            "</svg>\n",
        ]
    )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
