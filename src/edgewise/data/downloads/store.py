"""Where a file is, and that it is the one that was meant."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from edgewise.errors import DownloadError

VARIABLE = "EDGEWISE_DATA_DIR"
_SECONDS = 30
_BLOCK = 1 << 20

Getter = Callable[[str, Path], object]


@dataclass(frozen=True)
class Remote:
    """A file by its place in a folder of data, its sha256 (hexadecimal), and the addresses to try in turn."""

    file: str
    sha256: str
    urls: tuple[str, ...] = ()


def obtain(remote: Remote) -> Path:
    """The file on this machine, checked; fetched into the user's cache if it is nowhere here.

    Raises DownloadError where it cannot be had, or where the one in EDGEWISE_DATA_DIR is another one.
    """
    own = os.environ.get(VARIABLE)
    if own and (there := Path(own) / remote.file).is_file():
        if (seen := sha256_of(there)) != remote.sha256:
            raise DownloadError(
                f"{there} is not the file that was meant: its sha256 is {seen}, expected {remote.sha256}. "
                f"Take it away, or correct {VARIABLE}."
            )
        return there
    pooch = _pooch(remote)
    kept = Path(pooch.os_cache("edgewise")) / remote.file
    if kept.is_file() and sha256_of(kept) == remote.sha256:
        return kept
    return _fetched(remote, kept, pooch)


def sha256_of(path: Path) -> str:
    """The sha256 of a file's bytes, hexadecimal; DownloadError where it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    except OSError as error:
        raise DownloadError(f"{path} cannot be read: {error.strerror or error}.") from error
    return digest.hexdigest()


def _fetched(remote: Remote, kept: Path, pooch: Any) -> Path:
    """The file in the cache, from the first address that has the right one; whole or not there."""
    failed = []
    part = kept.with_name(f"{kept.name}.{secrets.token_hex(4)}.part")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        for url in remote.urls:
            if why := _why_not(url, part, remote.sha256, pooch):
                failed.append(f"{url} ({why})")
                continue
            os.replace(part, kept)
            return kept
    except OSError as error:
        raise DownloadError(f"{kept} cannot be written: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):
            part.unlink()
    tried = f"tried: {'; '.join(failed)}" if failed else "it has no address"
    raise DownloadError(
        f"the file {remote.file} could not be had; {tried}. Look at the network, or put the file at that place in a "
        f"folder and name the folder in {VARIABLE}."
    )


def _why_not(url: str, part: Path, sha256: str, pooch: Any) -> str:
    """Why the address did not give the file into ``part``; nothing if it did."""
    try:
        _getter(url, pooch)(url, part)
    except (OSError, ValueError) as error:  # what requests raises is an OSError; an unknown protocol a ValueError
        return _in_short(error)
    seen = sha256_of(part)
    return "" if seen == sha256 else f"another file: its sha256 is {seen}, expected {sha256}"


def _in_short(error: OSError | ValueError) -> str:
    """What requests wraps in the classes of others, in a word: no connection, too slow, or the server's answer."""
    causes = {
        "SSLError": "no secure connection",
        "ConnectTimeout": "no answer",
        "ReadTimeout": "no answer",
        "ConnectionError": "no connection",
    }
    kind = next((kind.__name__ for kind in type(error).__mro__ if kind.__name__ in causes), "")
    return causes.get(kind) or " ".join(f"{type(error).__name__}: {error}".split())[:200]


def _getter(url: str, pooch: Any) -> Getter:
    parts = urlsplit(url)
    if parts.scheme == "file":
        return lambda _, part: shutil.copyfile(url2pathname(parts.path), part)
    if parts.scheme in ("http", "https"):
        return lambda url, part: pooch.HTTPDownloader(timeout=_SECONDS)(url, str(part), None)
    return lambda url, part: pooch.downloaders.choose_downloader(url)(url, str(part), None)


def _pooch(remote: Remote) -> Any:
    try:
        import pooch
    except ImportError as error:
        raise DownloadError(
            f"the file {remote.file} is in no folder named by {VARIABLE}, and fetching it needs pooch, which is not "
            f'installed. Install it: pip install "edgewise[downloads]"'
        ) from error
    return pooch
