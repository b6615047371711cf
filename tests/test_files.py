"""Whole files or none."""

import os
import threading
from pathlib import Path

import pytest

from edgewise.files import write_whole


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
