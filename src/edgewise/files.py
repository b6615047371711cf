"""Files that are whole or not there."""

import os
import secrets
from pathlib import Path


def write_whole(path: str | Path, content: bytes | str) -> None:
    """Write the file (text as UTF-8); whoever reads it meanwhile, or after a crash, finds the old one or the new one.

    Of two that write at once the last one stands. Raises OSError where nothing can be written.
    """
    path = Path(path).resolve()  # what a link points to is written, and the link stays
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        part.write_bytes(data)  # with the permissions of any file, which those of `tempfile` are not
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
