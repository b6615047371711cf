"""A fitted estimator as the bytes of one safetensors file: settings and formulas as JSON, networks as tensors.

What a discovery writes into its folder is carried file by file: JSON in the header, a network as the bytes of its own
safetensors file. Nothing in it is ever executed.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save as to_bytes

from edgewise.discovery import Discovery
from edgewise.errors import EdgewiseError, StorageError
from edgewise.files import write_whole

KIND = "edgewise.estimator"
VERSION = 1
_TEXT, _NETWORK = "formula.json", "network.safetensors"


def dumps(described: Mapping[str, Any], discoveries: Sequence[Discovery]) -> bytes:
    """The bytes of plain values and discoveries."""
    texts, tensors = [], {"version": np.array([VERSION], dtype=np.uint8)}
    for number, discovery in enumerate(discoveries):
        with TemporaryDirectory() as folder:
            discovery.save(folder)
            texts.append((Path(folder) / _TEXT).read_text(encoding="utf-8"))
            if (network := Path(folder) / _NETWORK).exists():
                tensors[f"network.{number}"] = np.frombuffer(network.read_bytes(), dtype=np.uint8)
    header = {"version": VERSION, "described": dict(described), "discoveries": texts}
    return to_bytes(tensors, metadata={KIND: json.dumps(header, sort_keys=True)})


def loads(data: bytes) -> tuple[dict[str, Any], list[Discovery]]:
    """What `dumps` took. Raises StorageError for any other bytes."""
    try:
        tensors = {name: bytes(tensor["data"]) for name, tensor in deserialize(data)}  # type: ignore[no-untyped-call]
        length = int.from_bytes(data[:8], "little")
        header = json.loads(json.loads(data[8 : 8 + length])["__metadata__"][KIND])
        if header["version"] > VERSION:
            raise StorageError(
                f"the file has version {header['version']}, this edgewise reads up to {VERSION}: update it."
            )
        discoveries = [_discovery(text, tensors.get(f"network.{n}")) for n, text in enumerate(header["discoveries"])]
        return dict(header["described"]), discoveries
    except StorageError:
        raise
    except (SafetensorError, EdgewiseError, OSError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise StorageError(
            "these bytes are no fitted estimator of edgewise, or a damaged one (a safetensors file written by "
            "`save` was expected; pickles are never read)."
        ) from error


def write(path: str | Path, data: bytes) -> None:
    """Write the bytes; the file appears whole or not at all."""
    write_whole(path, data)


def read(path: str | Path) -> bytes:
    """The bytes of the file; StorageError where there is none."""
    if not Path(path).is_file():
        raise StorageError(f"there is no file {path}.")
    return Path(path).read_bytes()


def _discovery(text: str, network: bytes | None) -> Discovery:
    with TemporaryDirectory() as folder:
        (Path(folder) / _TEXT).write_text(text, encoding="utf-8")
        if network is not None:
            (Path(folder) / _NETWORK).write_bytes(network)
        return Discovery.load(folder)
