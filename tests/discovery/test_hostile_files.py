"""Files of a run that were cut, changed or forged: an error with a name, soon, and in little memory."""

import json
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edgewise import Discovery, Model, Table, discover
from edgewise.errors import EdgewiseError, StorageError
from edgewise.formula import parse

STEP = 64  # bytes between the places where files are cut


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a search whose network is small."""
    folder = tmp_path_factory.mktemp("found") / "run"
    x = np.random.default_rng(0).uniform(0.5, 3, (24, 2))
    discover(Table.from_arrays(x, x[:, 0] * x[:, 1] ** 2, names=["a", "b"]), time_budget=600).save(folder)
    return folder


@pytest.fixture
def folder(run: Path, tmp_path: Path) -> Path:
    for path in run.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def cuts(content: bytes) -> Iterator[bytes]:
    yield from (content[:end] for end in range(0, len(content), STEP))


def flips(content: bytes, number: int) -> Iterator[bytes]:
    """Copies with one to eight bytes changed, by the number of the copy."""
    for copy in range(number):
        rng = np.random.default_rng(copy)
        changed = np.frombuffer(content, np.uint8).copy()
        places = rng.integers(len(changed), size=int(rng.integers(1, 9)))
        changed[places] = rng.integers(256, size=len(places))
        yield changed.tobytes()


@pytest.mark.parametrize("name", ["formula.json", "network.safetensors"])
def test_a_file_cut_anywhere_is_refused(name: str, folder: Path) -> None:
    for cut in cuts((folder / name).read_bytes()):
        (folder / name).write_bytes(cut)
        with pytest.raises(StorageError):
            Discovery.load(folder)


def test_changed_bytes_are_refused_or_harmless(folder: Path) -> None:
    sound = (folder / "formula.json").read_bytes()
    for number, changed in enumerate(flips(sound, 150)):
        (folder / "formula.json").write_bytes(changed)
        try:
            str(Discovery.load(folder))
        except EdgewiseError:
            continue
        except Exception as error:
            raise AssertionError(f"copy {number}") from error


def test_changed_bytes_of_a_network_are_refused(folder: Path) -> None:
    """With the run every byte counts (it has the checksum); alone, a file is refused or is a network."""
    path = folder / "network.safetensors"
    sound = path.read_bytes()
    for number, changed in enumerate(flips(sound, 150)):
        path.write_bytes(changed)
        if changed != sound:
            with pytest.raises(StorageError):
                Discovery.load(folder)
        try:
            Model.load(path)
        except EdgewiseError:
            continue
        except Exception as error:
            raise AssertionError(f"copy {number}") from error


def tensors(offsets: tuple[int, int], shape: list[int], length: int | None = None) -> bytes:
    """A safetensors file whose header claims one tensor in that place, after as many bytes as ``length`` says."""
    header = json.dumps({"x": {"dtype": "F64", "shape": shape, "data_offsets": list(offsets)}}).encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + bytes(16)


def overlapping() -> bytes:
    places = {name: {"dtype": "F64", "shape": [2], "data_offsets": [at, at + 16]} for name, at in (("a", 0), ("b", 8))}
    header = json.dumps(places).encode()
    return struct.pack("<Q", len(header)) + header + bytes(24)


CLAIMS = {
    "a header of 10 GB": tensors((0, 16), [2], 10_000_000_000),
    "a header of all that can be": tensors((0, 16), [2], 2**64 - 1),
    "a tensor of 10 GB": tensors((0, 10_000_000_000), [1_250_000_000]),
    "sizes whose product is no number": tensors((0, 16), [2**62, 2**62]),
    "a place before the file": tensors((-16, 0), [2]),
    "a place from behind": tensors((16, 0), [2]),
    "a deep header": struct.pack("<Q", 200_000) + b"[" * 200_000,
    "tensors in one another's place": overlapping(),
}
TEXTS = {
    "deep": '{"a":' * 200_000,
    "a long number": '{"floor": ' + "9" * 2_000_000 + "}",
    "a long text": json.dumps({"target": "x" * 5_000_000}),
    "not finite": '{"floor": Infinity}',
    "many entries": "[" + "0," * 1_000_000 + "0]",
}
CHILD = """
import resource, sys
from edgewise import Discovery, Model
from edgewise.errors import EdgewiseError
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for line in sys.stdin:
    kind, path = line.rstrip().split(" ", 1)
    try:
        (Model if kind == "model" else Discovery).load(path)
        print("read", line)
    except EdgewiseError:
        print("refused")
    except BaseException as error:
        print(type(error).__name__, line)
sys.stderr.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before))
"""


def test_claims_cost_no_memory(tmp_path: Path) -> None:
    """In a process of its own, so that the memory which it takes at most can be told."""
    asked = []
    for number, content in enumerate(CLAIMS.values()):
        path = tmp_path / f"{number}.safetensors"
        path.write_bytes(content)
        asked.append(f"model {path}")
    for number, text in enumerate(TEXTS.values()):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "formula.json").write_text(text)
        asked.append(f"run {tmp_path / str(number)}")
    told = subprocess.run(
        [sys.executable, "-c", CHILD], input="\n".join(asked), capture_output=True, text=True, check=True, timeout=600
    )
    assert told.stdout.split("\n")[:-1] == ["refused"] * len(asked)
    kilobytes = int(told.stderr) / (1024 if sys.platform == "darwin" else 1)
    assert kilobytes < 300_000


HOSTILE = {
    "powers of powers": "9**9**9**9",
    "powers of powers in parentheses": "((9**9)**9)**9",
    "a factorial's length": "9" * 5000,
    "a long fraction": "1/" + "7" * 5000,
    "a number that is none": "1e999",
    "a number near none": "x*1e-999999999999",
    "an import": "__import__('os').system('true')",
    "an attribute": "x.__class__.__mro__",
    "a lambda": "(lambda: x)()",
    "a string": "'x'*10**9",
    "a walrus": "(x := 2)",
    "a star": "x if x else x",
    "deep parentheses": "(" * 5000 + "x" + ")" * 5000,
    "deep calls": "sin(" * 3000 + "x" + ")" * 3000,
    "many signs": "-" * 10_000 + "x",
    "many powers": "x" + "**x" * 5000,
    "too long": "x+" * 50_000 + "x",
    "a look-alike": "х + х**2 + y",  # the letter of the Cyrillic alphabet
    "a minus that is none": "x−1",
    "a full-width name": "ｘ.y",
    "digits of another alphabet": "x + ٣",
    "a line break and more": "x\n; import os",
    "a null": "x\x00",
    "a direction": "x\u202e + y",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_formulas_are_refused(text: str) -> None:
    with pytest.raises(EdgewiseError):
        parse(text, ["x"])


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_formulas_in_a_run_are_refused(text: str, folder: Path) -> None:
    path = folder / "formula.json"
    saved = json.loads(path.read_text())
    saved["formulas"][-1]["text"] = text
    path.write_text(json.dumps(saved))
    with pytest.raises(EdgewiseError):
        Discovery.load(folder)
