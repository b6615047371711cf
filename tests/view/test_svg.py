"""The SVG text: well formed, self-contained, accessible, and safe with any name."""

import re
from xml.etree import ElementTree

import pytest
import torch

from edgewise.errors import UnknownNameError
from edgewise.nn import KAN, Constants
from edgewise.view import draw_network, network_svg, to_svg

SVG = "{http://www.w3.org/2000/svg}"
WILD = [
    '<script>alert("1")</script>',
    "a & b ]]> --> '\"",
    "温度 [°C]",
    "bell\x07\x00 \ud800\ufffe",
    "price [$] of $x$",
    "",
]


def network(shape: list) -> KAN:
    return KAN(shape, generator=torch.Generator().manual_seed(0))


def parse(text: str) -> ElementTree.Element:
    return ElementTree.fromstring(text.encode())


@pytest.mark.parametrize("shape", [[2, 5, 1], [8, 16, 3], [4, (2, 1), 1], [1, 1]], ids=str)
def test_one_group_an_edge_and_one_a_node(shape: list) -> None:
    net = network(shape)
    root = parse(network_svg(net, torch.rand(20, shape[0])))
    groups = [group.attrib for group in root.iter(f"{SVG}g")]
    edges = {(g["data-layer"], g["data-source"], g["data-target"]) for g in groups if g.get("class") == "ew-edge"}
    assert edges == {tuple(map(str, edge_id)) for edge_id, _ in net.edges()}
    assert sum(g.get("class") == "ew-node" for g in groups) == sum(net.shape)


@pytest.mark.parametrize("wild", WILD)
def test_names_are_escaped(wild: str) -> None:
    text = network_svg(network([1, 1]), torch.rand(5, 1), inputs=[wild], targets=[wild], title=wild)
    root = parse(text)
    assert "<script" not in text
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "title", "desc", "style", "g", "path", "rect", "polyline", "text", "circle", "tspan"
    }  # fmt: skip


def test_names_and_formulas_are_there_to_read() -> None:
    net = network([2, 1])
    net[0].set_edge(0, 0, "x^2", Constants(outer_scale=-2.0))
    root = parse(network_svg(net, torch.rand(9, 2), inputs=["温度", "sound pressure level [dB]"], targets=["T"]))
    texts = ["".join(text.itertext()) for text in root.iter(f"{SVG}text")]
    assert {"温度", "T", "−2 x2"} <= set(texts)
    assert "sound pressure level [dB]" in " ".join(texts)


def test_it_speaks_to_those_who_do_not_see_it() -> None:
    root = parse(network_svg(network([2, 1]), torch.rand(9, 2), inputs=["a", "b"], targets=["c"], title="my law"))
    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == "my law"
    assert "from a, b to c. 2 edges" in (root.findtext(f"{SVG}desc") or "")


def test_nothing_is_loaded_from_anywhere() -> None:
    text = network_svg(network([2, 2, 1]), torch.rand(9, 2))
    assert not re.search(r"href|url\(|@import|@font-face|<script|javascript", text)
    assert re.findall(r"https?://[^\"]+", text) == ["http://www.w3.org/2000/svg"]


def test_themes() -> None:
    drawing = draw_network(network([1, 1]), torch.rand(5, 1))
    assert "prefers-color-scheme:dark" in to_svg(drawing)
    assert "prefers-color-scheme" not in to_svg(drawing, theme="light")
    assert to_svg(drawing, theme="light") != to_svg(drawing, theme="dark")
    with pytest.raises(UnknownNameError, match="Did you mean 'dark'"):
        to_svg(drawing, theme="drak")


def test_the_same_network_gives_the_same_text() -> None:
    net, x = network([2, 3, 1]), torch.rand(9, 2)
    assert network_svg(net, x) == network_svg(net, x)


def test_edges_left_out_are_confessed() -> None:
    drawing = draw_network(network([9, 9]), torch.rand(9, 9), at_most=10)
    assert "the strongest 10 of 81 edges" in to_svg(drawing)
