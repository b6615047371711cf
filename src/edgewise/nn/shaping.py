"""Networks that have a shape whatever their weights are, once these lie in the cones of `edgewise.basis.cone`.

How an edge must look follows from what is asked of the inputs:

increasing, convex, ...  the edges that leave the input have the shape, and all later edges rise (and bend the same way)
even, periodic           the edges that leave the input are even, or repeat after the range of their knots
symmetric                two inputs share their edges
odd                      the network at x less the network at -x, side by side in one network with the same weights
positive                 the exponential of a sum; what is also convex is cut off at 0, what is also concave is a sum of edges
                         that are nowhere negative

What leaves the range of its knots goes on in a straight line, which keeps all of these.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import torch

from edgewise.basis import BSpline
from edgewise.errors import SettingsError, ShapeError, unknown

from .layer import KANLayer
from .network import KAN

Words = frozenset[str]
INPUT_WORDS = ("increasing", "decreasing", "convex", "concave", "even", "odd", "periodic")
MONOTONE, CURVED = ("increasing", "decreasing"), ("convex", "concave")
MOST_ODD = 4  # 2^4 networks side by side
FLOOR = 1e-9  # what a positive output is at least, in the network's unit
OPPOSITE = {"increasing": "decreasing", "decreasing": "increasing", "convex": "concave", "concave": "convex"}
CONSTANT = (  # pairs of words that leave no function of an input but a constant, or a straight line
    *((one, other) for one in ("even", "periodic") for other in MONOTONE),
    *(("periodic", other) for other in CURVED),
    ("increasing", "decreasing"),
    ("even", "odd"),
    ("odd", "convex"),
    ("odd", "concave"),
)


class Tied(NamedTuple):
    """An edge whose weights are those of a key: ``sign`` times them, and from the last to the first where ``flipped``."""

    source: int
    target: int
    key: tuple[int, int, int]
    words: Words
    flipped: bool
    sign: int


@dataclass(frozen=True)
class Shaping:
    """What a network must do: words for each input (of ``increasing``, ``decreasing``, ``convex``, ``concave``, ``even``,
    ``odd``, ``periodic``), ``pairs`` of inputs that may be exchanged, and whether its output is ``positive``.

    All is said in the network's own unit: even and odd are about 0, the middle of the knots; periodic is after the range of
    the knots (-1 to 1); inputs that may be exchanged have the same scale. ``names`` are what errors call the inputs. Raises
    SettingsError for words that leave nothing to learn or that no network here can have together.

    >>> Shaping.of(2, {0: "increasing and concave"}, positive=True).additive
    True
    """

    words: tuple[Words, ...]
    pairs: tuple[tuple[int, int], ...] = ()
    positive: bool = False
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = self.names or tuple(f"input {i}" for i in range(len(self.words)))
        object.__setattr__(self, "names", names)
        for words in self.words:
            for word in words:
                if word not in INPUT_WORDS:
                    raise unknown("shape", word, INPUT_WORDS)
        for name, words in zip(names, self.words, strict=True):
            for one, other in CONSTANT:
                if {one, other} <= words:
                    left = "a straight line" if other in CURVED and one == "odd" else "a constant"
                    raise SettingsError(f"{one} and {other} in {name!r}: only {left} is both. Ask for one of them.")
        self._check_odd()

    @classmethod
    def of(
        cls,
        n_in: int,
        words: Mapping[int, str],
        pairs: Sequence[tuple[int, int]] = (),
        positive: bool = False,
        names: Sequence[str] = (),
    ) -> "Shaping":
        """Words by input, several joined by "and". Inputs that may be exchanged have the words of each other."""
        said = [frozenset(words.get(i, "").split(" and ")) - {""} for i in range(n_in)]
        for number in (*words, *(i for pair in pairs for i in pair)):
            if not 0 <= number < n_in:
                raise ShapeError(f"a shape is asked of input {number}, but the inputs are 0 to {n_in - 1}.")
        first = _classes(n_in, pairs)
        shared = [frozenset().union(*(said[j] for j in range(n_in) if first[j] == first[i])) for i in range(n_in)]
        return cls(tuple(shared), tuple(pairs), positive, tuple(names))

    def _check_odd(self) -> None:
        if not self.odd:
            return
        odd = self.names[self.odd[0]]
        if self.positive:
            raise SettingsError(f"odd in {odd!r} and of one sign: only 0 is both. Ask for one of them.")
        for i, words in enumerate(self.words):
            for word in sorted(words & {*MONOTONE, *CURVED}):
                if any(i != j for j in self.odd):
                    raise SettingsError(
                        f"odd in {odd!r} and {word} in {self.names[i]!r}: where {odd!r} changes its sign, {word} becomes "
                        f"{OPPOSITE[word]}. Ask for one of them."
                    )
        if len(self.odd) > MOST_ODD:
            raise SettingsError(f"odd is asked of {len(self.odd)} inputs; a network here has {MOST_ODD} at most.")

    @cached_property
    def odd(self) -> tuple[int, ...]:
        """The inputs with whose sign the output changes its own."""
        return tuple(i for i, words in enumerate(self.words) if "odd" in words)

    def alike(self, number: int) -> tuple[int, ...]:
        """The inputs that may be exchanged with this one, itself among them."""
        first = _classes(len(self.words), self.pairs)
        return tuple(i for i in range(len(first)) if first[i] == first[number])

    @cached_property
    def later(self) -> Words:
        """How edges must look that do not leave an input."""
        curved = {word for words in self.words for word in words if word in CURVED}
        rising = {"increasing"} if any(words & {*MONOTONE, *CURVED} for words in self.words) else set()
        return frozenset(curved | rising)

    @property
    def additive(self) -> bool:
        """Whether only a sum of functions of one input can have all of it: one layer."""
        return self.positive and "concave" in self.later

    @property
    def multiplies(self) -> bool:
        """Whether nodes may multiply."""
        return not self.later and not self.additive

    def levels(self, shape: Sequence[object]) -> bool:
        """Whether a network of this shape (as for `KAN`) can have it."""
        plain = all(isinstance(entry, int) for entry in shape)
        deep = len(shape) > 2
        return (deep or len(self.odd) < 2) and not (deep and self.additive) and (plain or self.multiplies)

    @property
    def link(self) -> str:
        """The primitive that makes the output positive; empty where none is needed."""
        if not self.positive or self.additive:
            return ""
        return "relu" if "convex" in self.later else "exp"

    # -- networks --------------------------------------------------------------------------------------------------

    def copies(self, layers: int) -> int:
        """How many networks lie side by side in one of so many layers: two for each odd input if there are several."""
        return 2 ** len(self.odd) if layers > 1 else 1

    def build(self, network: KAN) -> KAN:
        """A network with the nodes, knots and degree of ``network`` that can be trained to the shape; its weights are 0.

        Its splines stand alone (no silu) and go on in straight lines. Raises SettingsError for a network that cannot: other
        bases, uneven or fixed edges, nodes that multiply where they must not, and more layers than the shape allows.
        """
        self._require(network)
        copies, last = self.copies(len(network)), len(network) - 1
        layers = []
        for number, layer in enumerate(network):
            arity = layer.arity if number == last else layer.arity * copies
            layers.append(_like(layer, arity, copies if number else 1))
            self._cut(layers[-1], number, last, copies)
        return KAN.of([*layers, *([_link("exp", layers[-1])] if self.link == "exp" else [])])

    def finish(self, network: KAN) -> KAN:
        """What was trained, with what keeps a positive output above 0."""
        if self.additive:
            with torch.no_grad():
                network[-1].bias.fill_(FLOOR)
        return KAN.of([*network, _link("relu", network[-1])]) if self.link == "relu" else network

    def _require(self, network: KAN) -> None:
        if network[0].n_in != len(self.words):
            raise ShapeError(f"shapes are said of {len(self.words)} inputs, but the network has {network[0].n_in}.")
        for layer in network:
            if not isinstance(layer.basis, BSpline) or layer.spline_weight is not None or layer.fixed:
                raise SettingsError(
                    "shapes are for networks of B-splines without fixed edges and without spline_weight."
                )
            if max(layer.arity) > 1 and not self.multiplies:
                raise SettingsError("nodes that multiply cannot keep this shape. Take nodes that add.")
        if len(network) > 1 and self.additive:
            raise SettingsError(
                "positive and concave: only a network of one layer has both, [inputs, 1]. Take that, or leave one out."
            )
        if len(network) == 1 and len(self.odd) > 1:
            raise SettingsError(
                "a sum of functions of one input is odd in one of them at most. Take a network with a hidden level."
            )
        if network[-1].n_out > 1 and self.positive:
            raise SettingsError("positive is asked of a network of one output.")

    def _cut(self, layer: KANLayer, number: int, last: int, copies: int) -> None:
        """Take away the edges between networks that lie side by side, and those that cannot be odd."""
        if number == 0 and last == 0 and self.odd:
            layer.mask.zero_()
            layer.mask[:, self.odd[0]] = 1
        if copies > 1 and 0 < number < last:
            of_target = torch.arange(layer.n_sums) // (layer.n_sums // copies)
            of_source = torch.arange(layer.n_in) // (layer.n_in // copies)
            layer.mask.copy_(of_target[:, None] == of_source[None, :])

    def ties(self, network: KAN) -> Iterator[tuple[int, list[Tied]]]:
        """Layer by layer, every edge of a network that `build` made, with the weights that it shares with others."""
        layers = [layer for layer in network if not layer.fixed]
        copies = self.copies(len(layers))
        for number, layer in enumerate(layers):
            yield number, list(self._layer_ties(layer, number, len(layers) - 1, copies))

    def _layer_ties(self, layer: KANLayer, number: int, last: int, copies: int) -> Iterator[Tied]:
        first = _classes(layer.n_in, self.pairs) if number == 0 else list(range(layer.n_in))
        width, sums = layer.n_in // (copies if number else 1), layer.n_sums // (copies if number < last else 1)
        for target, source in layer.mask.nonzero().tolist():
            copy = target // sums if number < last else source // width
            if number:
                turned, words = _bits(copy) if number == last else 0, self.later
                yield Tied(source, target, (number, source % width, target % sums), words, False, (-1) ** turned)
                continue
            words = self.words[source] if last == 0 else self.words[source] - {"odd"}
            if self.additive:
                words = words | {"nonnegative"}
            flipped = last > 0 and source in self.odd and bool(copy >> self.odd.index(source) & 1)
            yield Tied(source, target, (0, first[source], target % sums), words, flipped, 1)


def _bits(number: int) -> int:
    return number.bit_count()


def _classes(n: int, pairs: Sequence[tuple[int, int]]) -> list[int]:
    """The first input of those that may be exchanged with each."""
    first = list(range(n))
    for one, other in pairs:
        low, high = sorted((first[one], first[other]))
        first = [low if i == high else i for i in first]
    return first


def _like(layer: KANLayer, arity: Sequence[int], copies: int) -> KANLayer:
    """A layer of splines alone with the same pieces, of other nodes."""
    basis = layer.basis
    lean = KANLayer(
        layer.n_in * copies,
        arity=arity,
        intervals=basis.intervals,
        degree=basis.degree,
        residual="none",
        init="zero",
        extrapolation="linear",
        dtype=layer.weight.dtype,
    )
    lean.basis = BSpline.over(
        basis.low.repeat(copies), basis.high.repeat(copies), basis.intervals, basis.degree, "linear"
    )
    lean.mask.copy_(layer.mask.repeat(len(arity) // layer.n_out, copies))
    return lean.to(layer.weight.device)


def _link(primitive: str, like: KANLayer) -> KANLayer:
    """A last layer of one fixed edge."""
    layer = KANLayer(1, 1, intervals=1, degree=1, residual="none", init="zero", dtype=like.weight.dtype)
    layer.set_edge(0, 0, primitive, (1.0, 0.0, 1.0, FLOOR if primitive == "relu" else 0.0, 1.0))
    return layer.to(like.weight.device)
