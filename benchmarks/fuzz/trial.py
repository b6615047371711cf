"""One table through the command line, in this process: what came out, and everything that must not."""

import contextlib
import io
import json
import os
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from edgewise.cli import run

from .tables import Case

BUDGET = "0.1"  # seconds a table
SLOW = 20.0  # seconds after which a command counts as hanging
NOT_A_NUMBER = re.compile(r"\b(nan|inf|oo|zoo|NaN|Infinity)\b")


def trial(case: Case, deep: bool) -> dict[str, Any]:
    """``faults`` (empty if all is well), ``outcome``, ``law`` (whether one was claimed), ``seconds`` and ``slow``.

    ``deep`` saves the run and asks `predict`, `show`, `plot` about it.
    """
    began = time.perf_counter()
    with _folder() as folder:
        name = f"table{case.suffix}"
        (folder / name).write_bytes(case.content)
        words = ["discover", name, "--target", case.target, "--time-budget", BUDGET, "--json"]
        told = _command([*words, "--out", "run"] if deep else words)
        faults = [*told.faults, *_left(folder, {name, "run"} if deep else {name})]
        answer = json.loads(told.out) if told.code == 0 and not told.faults else {}
        text = answer.get("formula") or ""
        known = set((answer.get("symbols") or {}).keys()) | set(answer.get("inputs") or ())
        faults += [f"formula {text!r}" for word in NOT_A_NUMBER.findall(text) if word not in known]
        if deep and told.code == 0:
            faults += _ask(name, folder)
    seconds = time.perf_counter() - began
    outcome = (
        "refused" if told.code == 2 else "law" if answer.get("verified") else "approximation" if text else "no formula"
    )
    return {
        "kind": case.kind,
        "outcome": outcome,
        "seconds": round(seconds, 3),
        "slow": seconds > SLOW,
        "faults": faults,
        "noise": case.noise,
    }


class _Told:
    def __init__(self, code: int | None, out: str, err: str, faults: list[str]) -> None:
        self.code, self.out, self.err, self.faults = code, out, err, faults


def _command(words: Sequence[str], *, is_json: bool = True) -> _Told:
    out, err = io.StringIO(), io.StringIO()
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(words)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - what gets out is what is counted
        return _Told(None, "", "", [f"traceback: {type(error).__name__}: {error}"[:300]])
    return _Told(code, out.getvalue(), err.getvalue(), list(_faults(code, out.getvalue(), err.getvalue(), is_json)))


def _faults(code: int, out: str, err: str, is_json: bool) -> Iterator[str]:
    if code not in (0, 2):
        yield f"exit code {code}"
    if code == 2 and (err.count("error:") < 1 or "Traceback" in err):
        yield f"refused without a reason: {err[:200]!r}"
    if code == 0 and is_json:
        try:
            json.loads(out)
        except ValueError:
            yield f"no JSON: {out[:200]!r}"
    if re.search(r"\b(RuntimeWarning|DeprecationWarning|UserWarning)\b|warning: (overflow|invalid|divide)", err):
        yield f"a library's warning: {err[:200]!r}"


def _ask(name: str, folder: Path) -> list[str]:
    asked = [_command(["predict", "run", name], is_json=False), _command(["show", "run", "--json"])]
    asked.append(_command(["plot", "run"], is_json=False))
    return [fault for told in asked for fault in told.faults] + _left(folder, {name, "run"})


def _left(folder: Path, known: set[str]) -> list[str]:
    return [f"left behind: {path.name}" for path in folder.iterdir() if path.name not in known]


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A new working directory; the old one comes back."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            yield Path(folder)
        finally:
            os.chdir(before)
