"""What each command prints, writes and returns."""

import contextlib
import hashlib
import json
import os
import re
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import edgewise
from edgewise.data import Table, read_table
from edgewise.data.downloads import DOWNLOADS, Remote
from edgewise.data.laws import LAWS, law, sample

Command = Callable[..., Any]


def files() -> list[str]:
    return sorted(str(path) for path in Path().rglob("*"))


# ---- discover


def test_discover_prints_the_front_and_writes_nothing(command: Command, found: dict[str, Any], table: Path) -> None:
    result = command("discover", table, "--target", "T", "--inputs", "L,g", "--units", "T=s,g=m/s^2", "--seed", 3)
    assert result.code == 0
    assert ">>" in result.out
    assert "T = 2*L" in result.out
    assert "3 rows, L [m], g [m/s^2] -> T [s]; seed 3" in result.err
    assert found["seed"] == 3
    assert found["time_budget"] == 60.0
    assert files() == ["swing.csv"]


def test_discover_saves_where_it_is_told(command: Command, found: dict[str, Any], table: Path) -> None:
    result = command(
        "discover", table, "--target", "T", "--inputs", "L", "--out", "runs/one", "--time-budget", 5, "--effort", 0.5
    )
    assert result.code == 0
    assert found["time_budget"] == 5.0
    assert found["effort"] == 0.5
    assert "saved     runs/one/  (formula.json, formula.svg, network.safetensors, network.svg)" in result.err
    assert set(files()) == {
        "runs",
        "runs/one",
        "runs/one/formula.json",
        "runs/one/formula.svg",
        "runs/one/network.safetensors",
        "runs/one/network.svg",
        "swing.csv",
    }


@pytest.mark.usefixtures("found")
def test_json_is_one_object_and_nothing_else(command: Command, table: Path) -> None:
    result = command("discover", table, "--target", "T", "--inputs", "L", "--json")
    assert json.loads(result.out) == {"target": "T", "formula": "2*L", "rmse": None}
    assert result.out.count("\n") == 1


def test_no_formula_is_an_answer(command: Command, found: dict[str, Any], table: Path) -> None:
    found["change"] = {"formula": None, "cut": ("naming",)}
    result = command("discover", table, "--target", "T", "--inputs", "L", "--json")
    assert result.code == 0
    assert json.loads(result.out)["formula"] is None
    assert "cut short in: naming" in result.err


def test_a_table_too_small_for_a_network_has_no_picture(command: Command, found: dict[str, Any], table: Path) -> None:
    found["change"] = {"model": None}
    assert command("discover", table, "--target", "T", "--inputs", "L", "--out", "run").code == 0
    result = command("plot", "run", "--use", "network")
    assert result.code == 2
    assert "holds no network to draw" in result.err


def test_ctrl_c_keeps_the_best_so_far(
    command: Command, found: dict[str, Any], table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = edgewise.discover

    def interrupted(data: Table, **settings: Any) -> Any:
        best = search(data, **settings)
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            return best
        raise AssertionError

    monkeypatch.setattr(edgewise, "discover", interrupted)
    before = signal.getsignal(signal.SIGINT)
    result = command("discover", table, "--target", "T", "--inputs", "L", "--out", "run")
    assert result.code == 130
    assert "T = 2*L" in result.out
    assert "best so far" in result.err
    assert Path("run/network.svg").is_file()
    assert signal.getsignal(signal.SIGINT) is before
    assert found["table"].rows == 3


@pytest.mark.usefixtures("found")
def test_ctrl_c_with_nothing_to_keep(command: Command, table: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(data: Table, **settings: Any) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(edgewise, "discover", interrupted)
    result = command("discover", table, "--target", "T", "--inputs", "L")
    assert result.code == 130
    assert result.out == ""
    assert "interrupted before there was anything to keep" in result.err


@pytest.mark.usefixtures("found")
def test_ctrl_c_that_foreign_code_swallows_is_raised_again(
    command: Command, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def deaf(data: Table, *, progress: Callable[..., None], **settings: Any) -> None:
        with contextlib.suppress(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
        progress("network", 0.5, "")
        raise AssertionError

    monkeypatch.setattr(edgewise, "discover", deaf)
    assert command("discover", table, "--target", "T", "--inputs", "L").code == 130


@pytest.mark.usefixtures("found")
def test_resume_needs_a_folder_and_says_what_it_finds(command: Command, table: Path) -> None:
    words = ("discover", table, "--target", "T", "--inputs", "L")
    refused = command(*words, "--resume")
    assert (refused.code, "same --out" in refused.err) == (2, True)
    assert "holds no unfinished search" in command(*words, "--resume", "--out", "run").err
    Path("other/unfinished.journal").mkdir(parents=True)
    Path("other/unfinished.journal/about.json").write_text('{"journal": "edgewise"}')
    assert "begun anew" in command(*words, "--out", "other").err
    assert "begun anew" not in command(*words, "--out", "other", "--resume").err


@pytest.mark.usefixtures("found")
@pytest.mark.parametrize("name", ["unfinished", "unfinished.journal"])
def test_a_folder_with_files_of_another_kind_is_refused(command: Command, table: Path, name: str) -> None:
    Path("other", name).mkdir(parents=True)
    Path("other", name, "thesis.txt").write_text("mine")
    refused = command("discover", table, "--target", "T", "--inputs", "L", "--out", "other")
    assert (refused.code, "files of another kind" in refused.err) == (2, True)
    assert Path("other", name, "thesis.txt").read_text() == "mine"


def test_a_run_that_is_there_is_replaced_with_a_word(command: Command, found: dict[str, Any], table: Path) -> None:
    words = ("discover", table, "--target", "T", "--inputs", "L")
    said = "note      run holds a run already; the new one takes its place"
    assert said not in command(*words, "--out", "run").err
    again = command(*words, "--out", "run")
    assert (again.code, said in again.err, "note" in again.out) == (0, True, False)
    assert said not in command(*words, "--out", "run", "--resume").err
    assert found["checkpoint"] == Path("run")


@pytest.mark.usefixtures("found")
@pytest.mark.parametrize("option", ["--inputs", "--primitives", "--functions", "--without", "--prefer", "--one-hot"])
@pytest.mark.parametrize("text", [",", "", " , "])
def test_an_option_that_names_nothing_is_an_error(command: Command, table: Path, option: str, text: str) -> None:
    result = command(
        "discover", table, "--target", "T", *(() if option == "--inputs" else ("--inputs", "L")), option, text
    )
    assert (result.code, result.out) == (2, "")
    assert f"{option} says {text!r}, which names nothing" in result.err


# ---- a saved run


@pytest.fixture
def saved(command: Command, found: dict[str, Any], table: Path) -> Path:
    assert command("discover", table, "--target", "T", "--inputs", "L", "--out", "run").code == 0
    assert found["table"].rows == 3
    return Path("run")


def test_predict(command: Command, saved: Path) -> None:
    Path("new.csv").write_text("kind,L [cm]\nx,10\ny,0.1\n")
    result = command("predict", saved, "new.csv")
    assert (result.code, result.out) == (0, "T\n20.0\n0.2\n")
    assert "2 rows by the formula T = 2*L" in result.err
    assert command("predict", saved, "new.csv", "--use", "network", "--out", "p.csv").out == ""
    assert Path("p.csv").read_text() == "T\n10.0\n0.1\n"


def test_predict_with_an_interval(command: Command, saved: Path) -> None:
    Path("new.csv").write_text("L\n10\n3\n")
    result = command("predict", saved, "new.csv", "--interval", 0.5)
    assert (result.code, result.out) == (0, "T,T_low,T_high\n20.0,19.5,20.5\n6.0,5.5,6.5\n")


def test_predict_without_the_columns(command: Command, saved: Path) -> None:
    Path("new.csv").write_text("length\n1\n")
    result = command("predict", saved, "new.csv")
    assert result.code == 2
    assert result.err.startswith("error: there is no column 'L' for the inputs")


def test_plot_and_show(command: Command, saved: Path) -> None:
    assert command("plot", saved).out == "<svg>T = 2*L, 3 rows</svg>\n"
    assert command("plot", saved, "--use", "network").out == "<svg>a network, 3 rows</svg>\n"
    assert command("plot", saved, "--out", "a.svg").out == ""
    assert Path("a.svg").read_text() == "<svg>T = 2*L, 3 rows</svg>\n"
    assert "T = 2*L" in command("show", saved).out
    assert json.loads(command("show", saved, "--json").out)["target"] == "T"


def test_plot_says_what_else_there_is_to_draw(command: Command, found: dict[str, Any], table: Path) -> None:
    found["change"] = {"formula": None}
    assert command("discover", table, "--target", "T", "--inputs", "L", "--out", "run").code == 0
    assert command("plot", "run").out == "<svg>a network, 3 rows</svg>\n"
    refused = command("plot", "run", "--use", "formula")
    assert (refused.code, refused.err.endswith("or it is a constant. Give --use network.\n")) == (2, True)
    found["change"] = {"formula": None, "model": None}
    assert command("discover", table, "--target", "T", "--inputs", "L", "--out", "run").code == 0
    assert "--use" not in command("plot", "run").err


def test_export(command: Command, saved: Path) -> None:
    result = command("export", saved, "--to", "c")
    assert result.code == 0
    assert "double T(double L)\n{\n    return 2.0*L;\n}\n" in result.out
    assert command("export", saved, "--to", "js", "--index", 0, "--out", "law.js").out == ""
    assert "function T(L)" in Path("law.js").read_text()
    wrong = command("export", saved, "--to", "fortan")
    assert (wrong.code, "Did you mean 'fortran'?" in wrong.err) == (2, True)
    assert "row of the front, 0 to 0, got 3" in command("export", saved, "--to", "c", "--index", 3).err


def test_any_formula_of_the_front_predicts(command: Command, saved: Path, table: Path) -> None:
    chosen, usual = (command("predict", saved, table, *words) for words in (("--index", 0), ()))
    assert (chosen.code, chosen.out) == (0, usual.out)
    assert "rows by the formula T = 2*L" in chosen.err
    assert "row of the front, 0 to 0, got 3" in command("predict", saved, table, "--index", 3).err
    assert "without --use" in command("predict", saved, table, "--index", 0, "--use", "formula").err


def test_export_without_a_formula(command: Command, found: dict[str, Any], table: Path) -> None:
    found["change"] = {"formula": None}
    assert command("discover", table, "--target", "T", "--inputs", "L", "--out", "run").code == 0
    result = command("export", "run", "--to", "c")
    assert (result.code, "no formula to export" in result.err) == (2, True)


# ---- laws and demo


def test_laws_lists_them_all(command: Command) -> None:
    result = command("laws")
    assert result.code == 0
    assert result.out.count("\n") == len(LAWS)
    assert "U = m*g*z" in result.out


def test_laws_lists_a_family(command: Command) -> None:
    result = command("laws", "--family", "nguyen")
    assert (result.code, result.out.count("\n")) == (0, 13)
    assert "Nguyen-1    y = x1**3+x1**2+x1\n" in result.out
    wrong = command("laws", "--family", "nguyn")
    assert (wrong.code, "Did you mean 'nguyen'" in wrong.err) == (2, True)
    both = command("laws", "I.14.3", "--family", "nguyen")
    assert (both.code, "Leave out one" in both.err) == (2, True)


def test_laws_draws_a_table_that_reads_back_exactly(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "law.csv"
    result = command("laws", "I.14.3", "--rows", 20, "--noise", 0.1, "--seed", 5, "--out", path)
    assert (result.code, result.out) == (0, "")
    again, drawn = read_table(path, "U"), sample(law("I.14.3"), rows=20, noise=0.1, seed=5)
    np.testing.assert_array_equal(again.x, drawn.x)
    np.testing.assert_array_equal(again.y, drawn.y)
    assert again.units == drawn.units


def test_demo_says_where_it_writes(command: Command, found: dict[str, Any], table: Path) -> None:
    result = command("demo", "--time-budget", 1)
    assert result.code == 0
    assert "writes    edgewise-demo/" in result.err
    assert found["table"].target == "period"
    assert Path("edgewise-demo/network.svg").is_file()
    assert table.is_file()


# ---- what the user can put right


@pytest.mark.usefixtures("found")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("discover", "Missing argument"),
        (
            "discover swing.csv",
            "Missing option '--target' (or --ode for a law of motion). See edgewise discover --help",
        ),
        ("discover swign.csv --target T", "there is no file swign.csv. Did you mean 'swing.csv'?"),
        ("discover swing.csv --target t", "there is no column 't' for the target. Did you mean 'T'?"),
        ("discover swing.csv --target T", "'name' (like 'a') in swing.csv holds text"),
        ("discover swing.csv --target T --inputs L,h", "there is no column 'h' for the inputs"),
        ("discover swing.csv --target T --inputs L --units L:m", 'expected pairs like "L=m,T=s"'),
        ("discover swing.csv --target T --inputs L --units h=m", "there is no column 'h' for the units"),
        ("discover swing.csv --target T --inputs L --out swing.csv", "--out swing.csv is a file"),
        ("discover swing.csv --target T --time-budget soon", "'--time-budget'"),
        ("discover . --target T", ". is a folder"),
        ("predict nowhere swing.csv", "there is no folder nowhere"),
        ("predict nowhere swing.csv --use magic", "--use is formula or network, not 'magic'"),
        ("plot . --out picture.png", "picture.png is no .svg file"),
        ("plot run --use law", "--use is formula or network, not 'law'"),
        ("show nowhere", "there is no folder nowhere"),
        ("laws I.14.33", "there is no law 'I.14.33'. Did you mean 'I.14.3'?"),
        ("laws I.14.3 --rows 5 --out no/such/folder.csv", "no/such/folder.csv: No such file or directory"),
        ("discovr", "discovr"),
        ("discover --nonsense", "--nonsense"),
    ],
)
def test_errors_are_one_line_and_exit_code_2(command: Command, table: Path, words: str, message: str) -> None:
    result = command(*words.split())
    assert result.code == 2
    assert result.out == ""
    assert message in result.err
    last = result.err.splitlines()[-1]
    assert last.startswith("error: ")
    assert message in last
    assert "Traceback" not in result.err
    assert files() == [str(table)]


def test_no_words_at_all(command: Command) -> None:
    result = command()
    assert result.code == 0
    assert "discover" in result.out
    assert command("--version").out == f"edgewise {edgewise.__version__}\n"


# ---- data


def test_data_lists_what_can_be_fetched(command: Command) -> None:
    result = command("data")
    assert result.code == 0
    assert re.search(r"^uci/yacht +UCI yacht, 6 inputs", result.out, re.MULTILINE)
    assert re.search(r"^mnist +Handwritten digits", result.out, re.MULTILINE)


def test_data_writes_a_set_as_csv(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = b"1.5\t0\t0.3048\t71.3\t0.002\t126\n"
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "noise.dat").write_bytes(content)
    remote = Remote("noise.dat", hashlib.sha256(content).hexdigest())
    monkeypatch.setitem(DOWNLOADS, "airfoil", replace(DOWNLOADS["airfoil"], parts={"": remote}))
    monkeypatch.setenv("EDGEWISE_DATA_DIR", str(tmp_path / "own"))
    result = command("data", "airfoil")
    assert result.code == 0
    assert result.out == "frequency,angle,chord,velocity,thickness,level\n1.5,0,0.3048,71.3,0.002,126\n"
    assert "licence   CC BY 4.0 (UCI, NASA)\n  target    level" in result.err
    (tmp_path / "own" / "noise.dat").write_bytes(b"another")
    refused = command("data", "airfoil")
    assert refused.code == 2
    assert "noise.dat is not the file that was meant" in refused.err
    assert "Traceback" not in refused.err


def test_data_says_what_is_not_there(command: Command) -> None:
    assert "there is no data set 'abalon'. Did you mean 'abalone'?" in command("data", "abalon").err
    assert "fetch_arrays('mnist')" in command("data", "mnist").err


def test_predict_does_not_write_over_the_table_that_is_asked_about(command: Command, saved: Path) -> None:
    Path("new.csv").write_text("L,g\n4,9.8\n")
    before = Path("new.csv").read_bytes()
    result = command("predict", saved, "new.csv", "--out", "./new.csv")
    assert (result.code, result.err) == (
        2,
        "error: --out new.csv is the table itself, and would be lost. Give another file.\n",
    )
    assert Path("new.csv").read_bytes() == before


def test_an_interval_that_cannot_be_is_refused_before_anything_is_said(command: Command, saved: Path) -> None:
    Path("new.csv").write_text("L,g\n4,9.8\n")
    result = command("predict", saved, "new.csv", "--interval", 90)
    assert result.code == 2
    assert result.err.startswith("error: --interval is a share of new rows between 0 and 1")
    assert result.out == ""


def test_what_is_known_is_said_by_options(command: Command, found: dict[str, Any], table: Path) -> None:
    result = command(
        "discover", table, "--target", "T", "--inputs", "L,g", "--units", "header,L=m", "--known", "3*L + ...",
        "--shapes", "L=increasing and convex,T=positive", "--primitives", "sin,x^2", "--without", "sin", "--prefer", "x^2",
        "--max-complexity", 15, "--workers", 2,
    )  # fmt: skip
    assert result.code == 0
    said = {
        "units": True,
        "known": "3*L + ...",
        "shapes": {"L": "increasing and convex", "T": "positive"},
        "primitives": ["sin", "x^2"],
        "without": ["sin"],
        "preferred": ["x^2"],
        "max_complexity": 15,
        "workers": 2,
    }
    assert {name: found[name] for name in said} == said
    assert found["table"].units["L"] == "m"


def test_units_alone_are_labels_until_they_are_asked_for(command: Command, found: dict[str, Any], table: Path) -> None:
    assert command("discover", table, "--target", "T", "--inputs", "L,g").code == 0
    assert found["units"] is False


def test_shapes_are_pairs(command: Command, table: Path) -> None:
    result = command("discover", table, "--target", "T", "--inputs", "L,g", "--shapes", "increasing")
    assert result.code == 2
    assert "--shapes says 'increasing'; expected pairs like \"L=increasing" in result.err
