"""What a search has finished, kept in a folder while it goes on, so that a killed one need not begin anew.

The folder ``unfinished.journal`` beside the files of a run holds ``about.json``, which says what the search is of, and one
entry for each finished piece of work: a JSON file with its own checksum and, where there is one, a network. An entry that was
damaged counts as missing. Nothing in it is ever executed. Nothing is taken away but what a search has written: files of its
names, where ``about.json`` is one of its own.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from edgewise.errors import EdgewiseError, StorageError
from edgewise.files import held, write_whole
from edgewise.nn import Model
from edgewise.nn.storage import dumps

FOLDER = "unfinished.journal"
ABOUT = "about.json"
MARK = {"journal": "edgewise"}  # in about.json: by this a folder is known as one of ours
_OURS = re.compile(r"(about\.json|(step|network)-[^/]*\.(json|safetensors))(\.[0-9a-f]{8}\.part)?")

Entry = dict[str, Any]


@dataclass
class Journal:
    """The entries of one search by name; ``failed`` is the error that ended the writing, if one did."""

    folder: Path
    about: Entry
    failed: OSError | None = field(default=None, init=False)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What to know about what was kept."""
        if self.failed is None:
            return ()
        return (f"the search could not be kept in {self.folder} on its way ({self.failed.strerror or self.failed}).",)

    def read(self, name: str) -> Entry | None:
        """The entry of that name; None where there is none, or a damaged one."""
        try:
            saved = json.loads((self.folder / f"{name}.json").read_text(encoding="utf-8"))
            entry: Entry = saved["entry"]
            return entry if saved["sha256"] == self._seal(entry) else None
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return None

    def network(self, name: str, sha256: str) -> Model | None:
        """The network of an entry; None where it is not the one that was written."""
        path = self.folder / f"{name}.safetensors"
        try:
            return Model.load(path) if hashlib.sha256(path.read_bytes()).hexdigest() == sha256 else None
        except (OSError, EdgewiseError):
            return None

    def write(self, name: str, entry: Entry, model: Model | None = None) -> None:
        """Keep an entry. The search goes on where that cannot be done, and no more is written then."""
        if self.failed is not None:
            return
        try:
            if model is not None:
                data = dumps(model)
                write_whole(self.folder / f"{name}.safetensors", data)
                entry = {**entry, "network": hashlib.sha256(data).hexdigest()}
            write_whole(self.folder / f"{name}.json", _text({"entry": entry, "sha256": self._seal(entry)}))
        except OSError as error:
            self.failed = error

    def _seal(self, entry: Entry) -> str:
        return hashlib.sha256(_text([self.about, entry]).encode()).hexdigest()


@contextmanager
def journal(run: str | Path | None, about: Entry, resume: bool) -> Iterator[Journal | None]:
    """The journal in the folder of a run (made if missing), held until the end; none without a folder.

    ``about`` is what decides the result. Without ``resume`` what an earlier search has left is taken away. Raises
    StorageError where it is of another table or other settings, where another process is at work in the folder, and where
    the folder is not one of a search.
    """
    if run is None:
        yield None
        return
    folder = Path(run) / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise StorageError(
            f"{folder} is in the way of a search that keeps what it finishes there. Move it away."
        ) from None
    with held(folder):
        _begin(folder, about, resume)
        yield Journal(folder, about)


def forget(run: str | Path) -> None:
    """Take the journal away, unless a search is at work with it; what no search has written stays."""
    folder = Path(run) / FOLDER
    with suppress(OSError, StorageError), held(folder):
        _clear(folder)
        folder.rmdir()


def is_journal(run: str | Path) -> bool:
    """Whether the folder of a run holds a journal that a search has left."""
    return _about(Path(run) / FOLDER) is not None


def _begin(folder: Path, about: Entry, resume: bool) -> None:
    """Make sure that the journal is of this search, or make it one; what cannot be begun leaves nothing."""
    earlier = _about(folder) if resume else None
    if earlier is not None:
        _require_same(folder, earlier, about)
        return
    _clear(folder)
    try:
        write_whole(folder / ABOUT, _text({**about, **MARK}))
    except OSError:
        with suppress(OSError):  # of a folder that holds something else nothing is taken away
            folder.rmdir()
            folder.parent.rmdir()
        raise


def _about(folder: Path) -> Entry | None:
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return about if isinstance(about, dict) and MARK.items() <= about.items() else None


def _require_same(folder: Path, earlier: Entry, now: Entry) -> None:
    others = [
        f"{name} ({_brief(earlier.get(name))}, now {_brief(now.get(name))})"
        for name in dict.fromkeys([*now, *earlier])
        if name not in MARK and earlier.get(name) != now.get(name)
    ]
    if others:
        raise StorageError(
            f"the unfinished search in {folder} is of another {', another '.join(others)}. Give what it began with, or leave out "
            "resume to begin anew, or give another folder."
        )


def _brief(value: Any) -> str:
    if value is None:
        return "none"
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 20 else f"{text[:12]}..."


def _clear(folder: Path) -> None:
    """Take away what a search has left in the folder; StorageError where no search has written there."""
    found = sorted(folder.iterdir())
    ours = [path for path in found if _OURS.fullmatch(path.name) and path.is_file()]
    if _about(folder) is None:
        ours = [path for path in ours if path.suffix == ".part"]  # killed before the head was written
        if others := [path.name for path in found if path not in ours]:
            raise StorageError(
                f"{folder} is in the way: it holds {', '.join(others[:3])}{', ...' if len(others) > 3 else ''} and no "
                f"{ABOUT} of a search. Move it away, or give another folder."
            )
    for path in sorted(ours, key=lambda path: path.name == ABOUT):  # who is killed meanwhile still leaves a head
        path.unlink()


def _text(value: Mapping[str, Any] | list[Any]) -> str:
    return json.dumps(value, sort_keys=True, allow_nan=False)
