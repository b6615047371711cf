"""The idx files of MNIST: a kind, the lengths of the axes, and the numbers, the largest byte first."""

import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgewise.data.files import opener, unpacking
from edgewise.errors import ReadError

_KINDS = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path: str | Path) -> NDArray[Any]:
    """The array in an idx file, which may be packed; ReadError where it is none, or is cut short.

    The format: Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits.
    """
    file = Path(path)
    opened, _ = opener(file)
    with unpacking(file), opened() as stream:
        data = stream.read()
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in _KINDS:
        raise ReadError(f"{file} is no idx file: it begins with {data[:4].hex() or 'nothing'}. Get it again.")
    start = 4 + 4 * data[3]
    if len(data) < start:
        raise ReadError(f"{file} is cut short within its head. Get it again.")
    shape = struct.unpack(f">{data[3]}I", data[4:start])
    kind = np.dtype(_KINDS[data[2]])
    if len(data) - start != math.prod(shape) * kind.itemsize:
        raise ReadError(
            f"{file} says {' x '.join(map(str, shape))} numbers of {kind.itemsize} bytes and holds {len(data) - start} "
            f"bytes of them. Get it again."
        )
    return np.frombuffer(data, kind, offset=start).reshape(shape).astype(kind.newbyteorder("="))
