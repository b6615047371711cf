"""A model in one file, the one that `edgewise.nn.Model.save` writes: numbers and names, nothing that is ever executed."""

from pathlib import Path

from edgewise.errors import StorageError
from edgewise.nn import KAN, Model, Scaling

from .own import Symbols, own_primitives


def write(network: KAN, path: str | Path) -> None:
    """Columns are called x_1, x_2, ... and y_1, y_2, ..., and are not scaled."""
    inputs, outputs = network.shape[0], network.shape[-1]
    x, y = (tuple(f"{letter}_{n + 1}" for n in range(count)) for letter, count in (("x", inputs), ("y", outputs)))
    Model(network, x, y, _plain(inputs), _plain(outputs)).save(path)


def read(path: str | Path, symbols: Symbols) -> KAN:
    """The network in the file; ``symbols`` are the functions of the user's own that edges in it are named by."""
    try:
        model = Model.load(path, tuple(own_primitives(symbols).values()))
    except StorageError as error:
        if "there is no primitive" not in str(error):
            raise
        raise StorageError(
            f"{error} A file holds names, never functions: give your own as loadckpt(path, symbols={{name: function}})."
        ) from error
    if any(parts != _plain(len(parts.shift)) for parts in (model.input_scaling, model.target_scaling)):
        raise StorageError(
            f"{path} holds a model whose columns are scaled; load it by edgewise.nn.Model.load, which scales them."
        )
    return model.network.double()


def _plain(columns: int) -> Scaling:
    return Scaling((0.0,) * columns, (1.0,) * columns)
