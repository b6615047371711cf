"""Several named strings of bytes as one, in a safetensors file: nothing in it is ever executed."""

import hashlib
from collections.abc import Mapping

import numpy as np
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save

from edgewise.errors import StorageError
from edgewise.nn.storage import metadata

VERSION = "1"


def sha256(data: bytes) -> str:
    """The checksum that binds a network to the text beside it."""
    return hashlib.sha256(data).hexdigest()


def pack(kind: str, parts: Mapping[str, bytes]) -> bytes:
    """One string of bytes that remembers its ``kind``; the same parts give the same bytes."""
    tensors = {name: np.frombuffer(part, dtype=np.uint8) for name, part in parts.items()}
    return save(tensors, metadata={f"edgewise {kind}": VERSION})


def unpack(kind: str, data: bytes) -> dict[str, bytes]:
    """What `pack` took. Raises StorageError for any other bytes, and for those of another kind or version."""
    try:
        parts = {name: bytes(tensor["data"]) for name, tensor in deserialize(data)}  # type: ignore[no-untyped-call]
        version = metadata(data).get(f"edgewise {kind}")
    except (SafetensorError, LookupError, TypeError, ValueError, AttributeError) as error:
        raise StorageError(
            f"these bytes are no {kind} of edgewise, or a damaged one (a safetensors file was expected; pickles are "
            "never read)."
        ) from error
    if version is None:
        raise StorageError(f"these bytes are a safetensors file, but no {kind} of edgewise.")
    if version != VERSION:
        raise StorageError(f"the {kind} has version {version}, this edgewise reads version {VERSION}: write it anew.")
    return parts
