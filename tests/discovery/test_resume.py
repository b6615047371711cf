"""A search that was ended goes on, and ends as one that nothing stopped."""

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgewise import Discovery, Table, discover
from edgewise.discovery import architecture, journal, naming, pipeline
from edgewise.discovery.knowledge import Knowledge
from edgewise.discovery.memory import about, exact_text, fingerprint
from edgewise.errors import SettingsError, StorageError
from edgewise.files import held
from edgewise.formula import parse
from edgewise.primitives import Primitive

SEARCH: dict[str, Any] = {"time_budget": 600.0, "effort": 0.1}


class Killed(BaseException):
    """As kill -9: nothing of ours catches it."""


def table(scale: float = 1.0) -> Table:
    rng = np.random.default_rng(0)
    a, b = rng.uniform(0.5, 3, (2, 64))
    return Table.from_arrays(np.c_[a, b], scale * (np.sin(3 * a) * b + 0.05 * rng.normal(size=64)), names=["a", "b"])


@pytest.fixture(autouse=True, scope="module")
def few_shapes() -> Iterator[None]:
    every = architecture.shapes
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(architecture, "shapes", lambda *given: every(*given)[:2])
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a search leaves that nothing stopped, and that keeps nothing on its way."""
    folder = tmp_path_factory.mktemp("whole")
    discover(table(), **SEARCH).save(folder, pictures=True)
    return contents(folder)


def contents(folder: Path) -> dict[str, Any]:
    """The files of a run: their bytes, of ``formula.json`` all but the times."""
    found: dict[str, Any] = {path.name: path.read_bytes() for path in folder.iterdir()}
    saved = json.loads(found["formula.json"])
    for part in (saved, *saved["steps"]):
        part.pop("seconds")
    return {**found, "formula.json": json.dumps(saved)}


def killed(wanted: Callable[[str], bool] = lambda name: True, before: bool = False, **kept: Any) -> None:
    """A search that is killed when it has written (or is about to write) the first entry that is wanted."""
    write = journal.Journal.write

    def once(self: journal.Journal, name: str, *entry: Any) -> None:
        if not before:
            write(self, name, *entry)
        if wanted(name):
            raise Killed
        if before:
            write(self, name, *entry)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(journal.Journal, "write", once)
        with pytest.raises(Killed):
            discover(table(), **SEARCH, **kept)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "run"


@pytest.fixture(scope="module")
def nearly_done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files of a search that was killed when all was found and nothing saved."""
    folder = tmp_path_factory.mktemp("nearly") / "run"
    killed(lambda name: name == "step-snapping", checkpoint=folder)
    return {path.name: path.read_bytes() for path in (folder / "unfinished.journal").iterdir()}


def laid(folder: Path, files: dict[str, bytes]) -> Path:
    (folder / "unfinished.journal").mkdir(parents=True)
    for name, content in files.items():
        (folder / "unfinished.journal" / name).write_bytes(content)
    return folder


def test_a_search_killed_after_each_entry_ends_the_same(folder: Path, whole: dict[str, Any]) -> None:
    kills = 0
    while not (folder / "unfinished.journal" / "step-snapping.json").exists():
        killed(checkpoint=folder, resume=True)
        kills += 1
    found = discover(table(), **SEARCH, checkpoint=folder, resume=True)
    entries = {path.stem for path in (folder / "unfinished.journal").glob("*.json")} - {"about"}
    assert kills == len(entries) > 5
    found.save(folder, pictures=True)
    assert contents(folder) == whole


def test_finished_steps_are_not_done_again(
    folder: Path, nearly_done: dict[str, bytes], whole: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*given: Any, **named: Any) -> None:
        raise AssertionError("this was done already")

    for module, name in ((pipeline, "ladder"), (pipeline, "named_graphs"), (architecture, "levenberg")):
        monkeypatch.setattr(module, name, never)
    monkeypatch.setattr(naming, "name_network", never)
    discover(table(), **SEARCH, checkpoint=laid(folder, nearly_done), resume=True).save(folder, pictures=True)
    assert contents(folder) == whole


def test_the_order_of_the_rows_and_the_budget_are_no_other_search(folder: Path, nearly_done: dict[str, bytes]) -> None:
    known, other = table(), table()
    turned = {name: values[::-1] for name, values in other.columns.items()}
    backwards = Table(turned, other.target, other.inputs)
    assert fingerprint(backwards) == fingerprint(known)
    found = discover(backwards, effort=0.1, time_budget=500, checkpoint=laid(folder, nearly_done), resume=True)
    assert found.formula is not None


OTHERS: dict[str, tuple[Callable[..., Discovery], str]] = {
    "table": (partial(discover, table(2.0), effort=0.1), "another table"),
    "seed": (partial(discover, table(), effort=0.1, seed=1), r"another seed \(0, now 1\)"),
    "effort": (partial(discover, table(), effort=0.3), r"another effort \(0.1, now 0.3\)"),
    "primitives": (partial(discover, table(), effort=0.1, primitives=["sin"]), "another set of primitives"),
}


@pytest.mark.parametrize("other", OTHERS)
def test_another_search_is_not_gone_on_with(other: str, folder: Path, nearly_done: dict[str, bytes]) -> None:
    search, message = OTHERS[other]
    laid(folder, nearly_done)
    with pytest.raises(StorageError, match=message):
        search(checkpoint=folder, resume=True)
    assert {path.name: path.read_bytes() for path in (folder / "unfinished.journal").iterdir()} == nearly_done


def test_own_primitives_of_one_name_are_told_apart() -> None:
    def key(formula: Callable[..., Any], **said: Any) -> Any:
        return about(table(), 0, 1.0, Knowledge({"foo": Primitive("foo", formula, **said)}))["set of primitives"]

    sine = key(lambda m, x: m.sin(x))
    assert sine == key(lambda m, y: m.sin(y))
    assert sine != key(lambda m, x: m.exp(x))
    assert sine != key(lambda m, x: m.sin(x), complexity=3)
    assert key(lambda m, x: 1 + 0 * x) != key(lambda m, x: m.log(x))
    powers = [key(lambda m, x, p, s=s: m.exp(s * p * m.log(x)), exponent=True) for s in (1, 2, 1)]
    assert powers[0] == powers[2] != powers[1]


def test_entries_of_another_search_are_no_entries(tmp_path: Path) -> None:
    one, other = (journal.Journal(tmp_path, {"table": name}) for name in "ab")
    one.write("step", {"events": []})
    assert one.read("step") == {"events": []}
    assert other.read("step") is None


def test_a_damaged_entry_is_no_entry(tmp_path: Path) -> None:
    kept = journal.Journal(tmp_path, {"seed": 0})
    kept.write("step", {"seconds": 1.5, "events": ["θ"]})
    path = tmp_path / "step.json"
    sound, changed = path.read_bytes(), 0
    for at in range(len(sound)):
        path.write_bytes(sound[:at])
        assert kept.read("step") is None
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :])
        changed += kept.read("step") is None
    assert changed >= len(sound) - 4  # but for blanks between its words every byte counts
    for text in ("[" * 100_000, "null", "[]", "NaN", '{"entry": 1}', '{"entry": NaN, "sha256": ""}'):
        path.write_text(text)
        assert kept.read("step") is None


def test_damaged_entries_are_made_again(folder: Path, nearly_done: dict[str, bytes], whole: dict[str, Any]) -> None:
    damaged = dict(nearly_done)
    for name in ("step-graphs.json", "network-2-1-degree-3.safetensors"):
        damaged[name] = damaged[name][: len(damaged[name]) // 2]
    discover(table(), **SEARCH, checkpoint=laid(folder, damaged), resume=True).save(folder, pictures=True)
    assert contents(folder) == whole


@pytest.mark.parametrize("head", [b"{", b'{"name": "my package"}', None])
@pytest.mark.parametrize("resume", [False, True])
def test_a_folder_without_the_head_of_a_search_is_left_alone(head: bytes | None, resume: bool, folder: Path) -> None:
    own = {"step-1.json": b"1", "notes.txt": b"mine"} | ({} if head is None else {"about.json": head})
    laid(folder, own)
    (folder / "unfinished.journal" / "more").mkdir()
    with pytest.raises(StorageError, match=r"is in the way: it holds .*more, .*Move it away"):
        discover(table(), **SEARCH, checkpoint=folder, resume=resume)
    journal.forget(folder)
    kept = {path.name: path.read_bytes() for path in (folder / "unfinished.journal").iterdir() if path.is_file()}
    assert kept == own
    assert (folder / "unfinished.journal" / "more").is_dir()


def test_only_what_a_search_has_written_is_taken_away(folder: Path, nearly_done: dict[str, bytes]) -> None:
    laid(folder, {**nearly_done, "step-1.json.0123abcd.part": b"", "notes.txt": b"mine", "step-notes.txt": b"mine"})
    journal.forget(folder)
    assert sorted(path.name for path in (folder / "unfinished.journal").iterdir()) == ["notes.txt", "step-notes.txt"]


def test_what_a_kill_leaves_before_the_head_is_in_nobodys_way(folder: Path) -> None:
    laid(folder, {"about.json.0123abcd.part": b"{"})
    killed(before=True, checkpoint=folder)
    assert [path.name for path in (folder / "unfinished.journal").iterdir()] == ["about.json"]


def test_folders_that_are_only_called_so_outlive_a_run(
    folder: Path, tmp_path: Path, nearly_done: dict[str, bytes]
) -> None:
    for name in ("unfinished", "unfinished.journal"):
        (folder / name).mkdir(parents=True)
        (folder / name / "thesis.txt").write_text("mine")
    discover(table(), **SEARCH, checkpoint=laid(tmp_path / "other", nearly_done), resume=True).save(folder)
    assert (folder / "unfinished" / "thesis.txt").is_file()
    assert (folder / "unfinished.journal" / "thesis.txt").is_file()


def test_without_resume_it_begins_anew(folder: Path, nearly_done: dict[str, bytes]) -> None:
    laid(folder, nearly_done)
    killed(before=True, checkpoint=folder)
    assert [path.name for path in (folder / "unfinished.journal").iterdir()] == ["about.json"]


def test_a_cut_run_keeps_what_it_can_go_on_with(
    folder: Path, nearly_done: dict[str, bytes], whole: dict[str, Any]
) -> None:
    def impatient(name: str, share: float, best: str) -> None:
        if name == "noisy ladder":
            raise KeyboardInterrupt

    laid(folder, nearly_done)
    found = discover(table(), **SEARCH, checkpoint=folder, resume=True, progress=impatient)
    assert found.cut == ("interrupted",)
    found.save(folder)
    assert (folder / "unfinished.journal" / "step-graphs.json").is_file()
    assert Discovery.load(folder).cut == ("interrupted",)
    discover(table(), **SEARCH, checkpoint=folder, resume=True).save(folder, pictures=True)
    assert contents(folder) == whole


def test_two_searches_do_not_share_a_folder(folder: Path) -> None:
    (folder / "unfinished.journal").mkdir(parents=True)
    with held(folder / "unfinished.journal"), pytest.raises(StorageError, match="another process is writing"):
        discover(table(), **SEARCH, checkpoint=folder)
    assert list((folder / "unfinished.journal").iterdir()) == []


def test_a_full_disk_does_not_end_a_search(
    folder: Path, nearly_done: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    write = journal.write_whole

    def full(path: Path, content: bytes | str) -> None:
        if path.name != "about.json":
            raise OSError(28, "No space left on device")
        write(path, content)

    monkeypatch.setattr(journal, "write_whole", full)
    rest = {name: content for name, content in nearly_done.items() if name != "step-snapping.json"}
    found = discover(table(), **SEARCH, checkpoint=laid(folder, rest), resume=True)
    assert any("No space left on device" in warning for warning in found.warnings)


def test_resume_needs_a_folder() -> None:
    with pytest.raises(SettingsError, match="checkpoint"):
        discover(table(), resume=True)


@pytest.mark.parametrize("text", ["0.1 + x", "2*(x + y)", "sin(x)/y**0.5", "-(x + y)", "x**(3/2)", "pi*x/3"])
def test_expressions_come_back_to_the_last_bit(text: str) -> None:
    expression = parse(text, ["x", "y"])
    again = exact_text(expression, ["x", "y"])
    assert again is not None
    assert parse(again, ["x", "y"]) == expression
