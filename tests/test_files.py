"""Whole files or none."""

import os
import threading
from pathlib import Path

import pytest

from edgewise import files
from edgewise.errors import StorageError
from edgewise.files import current, held, read_current, write_together, write_whole


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    """Two writers and a reader at once: each reading is one of the two contents, whole."""
    path, contents = tmp_path / "file", (b"a" * 1_000_000, b"b" * 500_000)
    write_whole(path, contents[0])
    writers = [
        threading.Thread(target=lambda content=content: [write_whole(path, content) for _ in range(30)])
        for content in contents
    ]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        seen.add(path.read_bytes())
    for writer in writers:
        writer.join()
    assert seen <= set(contents)
    assert path.read_bytes() in contents
    assert os.listdir(tmp_path) == ["file"]


def test_what_fails_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_whole(path, "old θ")

    def full(*paths: object) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="no space"):
        write_whole(path, "new")
    assert path.read_text(encoding="utf-8") == "old θ"
    assert os.listdir(tmp_path) == ["file"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_whole(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "text"


def test_a_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "gone" / "file", b"")


class Killed(BaseException):
    """As kill -9."""


@pytest.mark.parametrize("moment", range(1, 4))
def test_several_files_are_all_old_or_all_new(moment: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed before each of the moves: of the folder that makes the new ones count, and of each file to its place."""
    write_together(tmp_path, {"a": "old", "b": "old", "c": "old"})
    replace, calls = os.replace, 0

    def at_last(*paths: Path) -> None:
        nonlocal calls
        calls += 1
        if calls == moment:
            raise Killed
        replace(*paths)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", at_last)
        with pytest.raises(Killed):
            write_together(tmp_path, {"a": "new", "b": "new", "c": None})
    assert {current(tmp_path, name).read_text() for name in "ab"} == {"old" if moment == 1 else "new"}
    write_together(tmp_path, {"a": "newer"})
    assert {name: (tmp_path / name).read_text() for name in os.listdir(tmp_path)} == (
        {"a": "newer", "b": "old", "c": "old"} if moment == 1 else {"a": "newer", "b": "new"}
    )


def test_a_file_that_is_moved_while_it_is_read_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_together(tmp_path, {"a": "text"})
    asked = [tmp_path / ".written" / "a"]  # where it was a moment ago
    with monkeypatch.context() as patch:
        patch.setattr(files, "current", lambda *where: asked.pop() if asked else current(*where))
        assert read_current(tmp_path, "a") == b"text"
    with pytest.raises(FileNotFoundError):
        read_current(tmp_path, "b")


def test_who_reads_while_others_write_always_finds_something(tmp_path: Path) -> None:
    write_together(tmp_path, {"a": "0"})
    writer = threading.Thread(target=lambda: [write_together(tmp_path, {"a": str(i)}) for i in range(300)])
    writer.start()
    while writer.is_alive():
        assert read_current(tmp_path, "a").isdigit()
    writer.join()


def test_a_file_that_is_about_to_be_taken_away_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_together(tmp_path, {"a": "old", "b": "old"})
    settles = [lambda: None, kill]
    with monkeypatch.context() as patch:
        patch.setattr(files, "_settle", lambda folder: settles.pop(0)())
        with pytest.raises(Killed):
            write_together(tmp_path, {"a": "new", "b": None})
    assert read_current(tmp_path, "a") == b"new"
    assert not current(tmp_path, "b").exists()


def kill() -> None:
    raise Killed


def test_readers_hold_a_folder_together(tmp_path: Path) -> None:
    refused = pytest.raises(StorageError, match="another process")
    with held(tmp_path, shared=True), held(tmp_path, shared=True), refused, held(tmp_path):
        pass


def test_what_a_kill_has_left_is_taken_away_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / ".0123abcd.part").mkdir()
    (tmp_path / "formula.json.0123abcd.part").touch()
    (tmp_path / "film.part").touch()
    write_together(tmp_path, {"a": "text"})
    assert sorted(os.listdir(tmp_path)) == ["a", "film.part"]


def test_a_folder_has_one_holder(tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(StorageError, match="another process"), held(tmp_path):
        pass
    with held(tmp_path):
        pass


def test_a_folder_that_is_missing_is_called_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no such folder to write into") as caught:
        write_whole(tmp_path / "nowhere" / "model", b"")
    assert caught.value.filename == str(tmp_path / "nowhere")
