"""Files that are whole or not there, alone or several as one, and folders that one process holds.

Several files are written as one by way of a folder beside them: all of them are laid down in it, it is renamed (that is the
moment from which on the new ones count), and then each is moved to its place. Who is killed in between has lost nothing:
`current` finds a file wherever it is, and the next one who writes there puts the rest in its place. Nothing is forced onto
the disk: what was written just before a power cut may be lost.
"""

import errno
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from edgewise.errors import StorageError

_WRITTEN = ".written"
_PART = re.compile(r"\.[0-9a-f]{8}\.part$")
_TRIES = 5
_REMOVED = ".removed"  # an empty file of this ending takes one away


def write_whole(path: str | Path, content: bytes | str) -> None:
    """Write the file (text as UTF-8); whoever reads it meanwhile, or after a kill, finds the old one or the new one.

    Of two that write at once the last one stands. Raises OSError where nothing can be written, by the name that was given.
    """
    path = Path(path).resolve()  # what a link points to is written, and the link stays
    if not path.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "there is no such folder to write into", str(path.parent))
    part = path.with_name(_part_of(path.name))
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        part.write_bytes(data)  # with the permissions of any file, which those of `tempfile` are not
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_together(folder: str | Path, files: Mapping[str, bytes | str | None]) -> None:
    """Write files of a folder (made if missing) as one, by name; None takes one away.

    Whoever asks `current` for them meanwhile, or after a kill, finds all old ones or all new ones. Of two processes that
    write there at once the second waits for the first. Raises OSError where nothing can be written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / _part_of("")
    with held(folder, wait=True):
        _settle(folder)
        try:
            part.mkdir()
            for name, content in files.items():
                data = content.encode("utf-8") if isinstance(content, str) else content
                (part / (name + _REMOVED if data is None else name)).write_bytes(data or b"")
            os.replace(part, folder / _WRITTEN)
        finally:
            shutil.rmtree(part, ignore_errors=True)
        _settle(folder)


def current(folder: str | Path, name: str) -> Path:
    """Where the file of a folder is: in its place, or still beside it because who wrote it was killed.

    There is none at that path where the file does not exist, or is about to be taken away.
    """
    waiting = Path(folder) / _WRITTEN / name
    removed = waiting.with_name(name + _REMOVED)
    return waiting if waiting.exists() or removed.exists() else Path(folder) / name


def read_current(folder: str | Path, name: str) -> bytes:
    """What the file of a folder holds, also while somebody moves it to its place. Raises OSError where there is none."""
    for _ in range(_TRIES - 1):
        with suppress(FileNotFoundError):  # it was moved between the asking and the reading
            return current(folder, name).read_bytes()
    return current(folder, name).read_bytes()


def is_passing(name: str) -> bool:
    """Whether a name is one of a file or folder that is on the way to its place."""
    return name == _WRITTEN or bool(_PART.search(name))


def _part_of(name: str) -> str:
    """A name beside another one; by chance, so that two that write at once do not meet."""
    return f"{name}.{secrets.token_hex(4)}.part"


@contextmanager
def held(folder: str | Path, *, wait: bool = False, shared: bool = False) -> Iterator[None]:
    """Hold a folder that exists, so that no other `held` gets it at the same time; a process that ends lets go.

    Those who only read may hold it at once (``shared``). Without ``wait`` raises StorageError where somebody else holds it.
    Where the system knows no locks, nothing is held.
    """
    lock = _lock(Path(folder), wait, shared)
    try:
        yield
    finally:
        if lock is not None:
            os.close(lock)


def _lock(folder: Path, wait: bool, shared: bool) -> int | None:
    try:
        import fcntl
    except ImportError:  # Windows
        return None
    lock = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(lock, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(lock)
        raise StorageError(
            f"another process is writing in {folder}. Wait until it has ended, or give each run a folder of its own."
        ) from None
    except OSError:  # a network drive without locks
        os.close(lock)
        return None
    except BaseException:
        os.close(lock)
        raise
    return lock


def _settle(folder: Path) -> None:
    """Move what waits to its place, and take away what a kill has left; only for who holds the folder."""
    waiting = folder / _WRITTEN
    if waiting.is_dir():
        for file in sorted(waiting.iterdir()):
            if file.name.endswith(_REMOVED):
                (folder / file.name.removesuffix(_REMOVED)).unlink(missing_ok=True)
                file.unlink()
            else:
                os.replace(file, folder / file.name)
        waiting.rmdir()
    for left in filter(lambda path: _PART.search(path.name), folder.iterdir()):
        with suppress(OSError):
            shutil.rmtree(left) if left.is_dir() else left.unlink()
