"""A fitted estimator as the bytes of one safetensors file: settings as JSON, each discovery as its own bytes.

Nothing touches the disk but `write` and `read`, and nothing in the bytes is ever executed.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from edgewise.discovery.packed import pack, unpack
from edgewise.errors import StorageError
from edgewise.files import write_whole

KIND = "estimator"
_PLAIN = (str, int, float, bool, type(None))
_MAPPING = "mapping"  # JSON has only texts for keys, and classes may be numbers


def dumps(described: Mapping[str, Any], discoveries: Sequence[bytes]) -> bytes:
    """The bytes of plain values and of discoveries."""
    parts = {"described": json.dumps(dict(described), sort_keys=True).encode()}
    return pack(KIND, parts | {f"discovery.{number}": data for number, data in enumerate(discoveries)})


def loads(data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """What `dumps` took. Raises StorageError for any other bytes."""
    parts = unpack(KIND, data)
    try:
        described = json.loads(parts.pop("described"))
        return dict(described), [parts[f"discovery.{number}"] for number in range(len(parts))]
    except (LookupError, TypeError, ValueError, RecursionError) as error:
        raise StorageError("these bytes are a damaged estimator of edgewise.") from error


def write(path: str | Path, data: bytes) -> None:
    """Write the bytes; the file appears whole or not at all."""
    write_whole(path, data)


def read(path: str | Path) -> bytes:
    """The bytes of the file; StorageError where there is none."""
    if not Path(path).is_file():
        raise StorageError(f"there is no file {path}.")
    return Path(path).read_bytes()


def plain(name: str, value: Any) -> Any:
    """A setting as JSON has it; StorageError for what has no such form."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Mapping):
        return {_MAPPING: [[plain(name, key), plain(name, part)] for key, part in value.items()]}
    if isinstance(value, list | tuple | set | frozenset):
        parts = [plain(name, part) for part in value]
        return sorted(parts) if isinstance(value, set | frozenset) else parts
    raise StorageError(f"the setting {name} is no plain value ({value!r}), and only plain ones are written to a file.")


def setting(saved: Any) -> Any:
    """What `plain` made of a setting, back as it was."""
    return dict(saved[_MAPPING]) if isinstance(saved, dict) else saved
