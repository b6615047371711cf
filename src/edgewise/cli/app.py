"""The commands. Each imports what it needs when it runs, so that ``edgewise --help`` answers at once."""

import warnings
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import edgewise
from edgewise.errors import SettingsError, StorageError

from . import motion, runs, several, words
from .entry import say
from .searching import searched

if TYPE_CHECKING:
    import numpy as np

    from edgewise import Discovery, Table

app = typer.Typer(
    help="Give it a table, get a law you can read, a network that predicts, and a picture of why.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

DEMO_FOLDER = Path("edgewise-demo")

Seed = Annotated[int, typer.Option(help="The same seed gives the same result.")]
Budget = Annotated[float, typer.Option("--time-budget", help="Seconds to search.", min=0.1)]
Effort = Annotated[float, typer.Option(help="Multiplies the work of the search: 2 looks twice as long.", min=0.01)]
Comma = Annotated[bool, typer.Option("--decimal-comma", help="Numbers of the file are written like 1,5.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Run = Annotated[Path, typer.Argument(metavar="RUN", help="A folder that discover --out has written.")]


@app.callback(invoke_without_command=True)
def edgewise_command(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Give it a table, get a law you can read, a network that predicts, and a picture of why."""
    if version:
        typer.echo(f"edgewise {edgewise.__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def discover(
    context: typer.Context,
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="CSV, TSV, JSON, Parquet or Feather.")],
    target: Annotated[
        list[str] | None, typer.Option(help="The column to explain; give it again for each further one.")
    ] = None,
    inputs: Annotated[
        str | None, typer.Option(help="Columns to explain it by, as a,b. Without it: all others.")
    ] = None,
    units: Annotated[
        str | None,
        typer.Option(
            help='Units to search with: "L=m,T=s", header for those of the file, or both; 1 is a plain number.'
        ),
    ] = None,
    known: Annotated[
        str | None, typer.Option(help='A part of the law, "m*g*h + ..." or "exp(-t) * ...": the dots are searched for.')
    ] = None,
    shapes: Annotated[
        str | None, typer.Option(help='How the law depends on columns, as "L=increasing,theta=even and convex".')
    ] = None,
    primitives: Annotated[
        str | None, typer.Option(help="The only functions that a formula may have, as sin,exp,x^2.")
    ] = None,
    functions: Annotated[
        str | None, typer.Option(help="Special functions that it may have, too, as j0,erf,gamma.")
    ] = None,
    without: Annotated[str | None, typer.Option(help="Functions that it may not have, as tan,abs.")] = None,
    prefer: Annotated[str | None, typer.Option(help="Functions that win where the rows tell little.")] = None,
    max_complexity: Annotated[
        int | None, typer.Option("--max-complexity", help="The most symbols that a formula may have.", min=1)
    ] = None,
    engine: Annotated[
        str | None, typer.Option(help="An engine of others that proposes formulas, too: operon, if it is installed.")
    ] = None,
    weights: Annotated[str | None, typer.Option(help="The column that says how much each row counts.")] = None,
    one_hot: Annotated[
        str | None, typer.Option(help="Columns of words, as a,b: each level becomes an input of 0 and 1.")
    ] = None,
    drop_missing: Annotated[
        bool, typer.Option("--drop-missing", help="Leave out the rows in which a cell is missing.")
    ] = False,
    decimal_comma: Comma = False,
    time_budget: Budget = 60.0,
    effort: Effort = 1.0,
    seed: Seed = 0,
    workers: Annotated[int, typer.Option(help="Processes that try networks at the same time.", min=1)] = 1,
    out: Annotated[Path | None, typer.Option(help="Folder to save the run in.")] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with the search that was killed or interrupted in --out.")
    ] = False,
    as_json: AsJson = False,
    ode: Annotated[
        bool, typer.Option("--ode", help="Find dx/dt = f(x) for states along time, instead of a --target.")
    ] = False,
    time: Annotated[str, typer.Option(help="With --ode: the column of times.")] = "t",
    by: Annotated[
        str | None, typer.Option(help="With --ode: the column that tells several trajectories apart.")
    ] = None,
) -> None:
    """Find the law behind a table, or with --ode the law of motion behind trajectories (--inputs are then the states)."""
    motion.check_options(words.given(context), ode)
    chosen = words.names(inputs, "--inputs")
    allowed = {
        "primitives": words.names(primitives, "--primitives"),
        "functions": words.names(functions, "--functions"),
        "without": words.names(without, "--without"),
        "preferred": words.names(prefer, "--prefer"),
        "max_complexity": max_complexity,
        "engine": engine,
    }
    searching = {"seed": seed, "time_budget": time_budget, "effort": effort}
    if ode:
        motion.discover(table, time, chosen, by, words.parts_folder(out), as_json, **allowed, **searching)
        return
    if not target:
        raise SettingsError("Missing option '--target' (or --ode for a law of motion). See edgewise discover --help")
    if resume and out is None:
        raise SettingsError("--resume goes on with a search that was kept in a folder: give the same --out as before.")
    first, *others = target
    data = edgewise.read_table(
        table,
        first,
        inputs=[*chosen, *others] if chosen else None,
        units=words.units(units),
        weights=weights,
        one_hot=words.names(one_hot, "--one-hot") or (),
        drop_missing=drop_missing,
        decimal_comma=decimal_comma,
    )
    said = {
        "units": units is not None,
        "known": known,
        "shapes": words.pairs(shapes, "--shapes", "L=increasing,g=decreasing") if shapes else None,
        **allowed,
    }
    settings = {**searching, "workers": workers, "resume": resume}
    if others:
        several.discover(data, target, words.parts_folder(out), as_json, **said, **settings)
        return
    _discover(data, words.folder(out), as_json, **said, **settings)


@app.command()
def predict(
    run: Run,
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="A file with the input columns.")],
    use: Annotated[
        str, typer.Option(help="formula or network. Without it: the formula, or the network if far better.")
    ] = "",
    index: Annotated[
        int | None, typer.Option(help="Which formula of the front answers, from 0. Without it: as --use says.", min=0)
    ] = None,
    interval: Annotated[
        float | None,
        typer.Option(
            help="Share of new rows, like 0.9, that columns TARGET_low and TARGET_high are to hold between them."
        ),
    ] = None,
    decimal_comma: Comma = False,
    out: Annotated[Path | None, typer.Option(help="CSV file to write. Without it: stdout.")] = None,
) -> None:
    """Predict the target for the rows of a table."""
    from edgewise.data import read_columns

    if use not in ("", "formula", "network"):
        raise SettingsError(f"--use is formula or network, not {use!r}.")
    if interval is not None and not 0 < interval < 1:
        raise SettingsError(f"--interval is a share of new rows between 0 and 1, like 0.9, not {interval:g}.")
    if out is not None and out.exists() and out.resolve() == table.resolve():
        raise SettingsError(f"--out {out} is the table itself, and would be lost. Give another file.")
    if index is not None and (use or interval is not None):
        raise SettingsError("--index takes one formula of the front: give it without --use and --interval.")
    each = runs.load_each(run)
    if each is not None and index is not None:
        raise SettingsError("--index takes one formula of one target: give the folder of one of them, below RUN.")
    every = list(each.found.values()) if each is not None else [runs.load(run)]
    inputs = tuple(dict.fromkeys(name for found in every for name in found.inputs))
    levels = {column: words_of for found in every for column, words_of in found.levels.items()}
    columns = read_columns(table, inputs, levels, decimal_comma=decimal_comma)
    answers: dict[str, Any] = {}
    for found in every:
        answers |= _predicted(found, columns, use, index, interval)
    _write(words.as_csv(answers), out)


def _predicted(
    found: "Discovery", columns: Any, use: str, index: int | None, interval: float | None
) -> dict[str, "np.ndarray"]:
    """The columns of answers of one discovery, and on stderr what is to be said of them."""
    chosen = None if index is None else found.front.at(index)
    using = "formula" if chosen else use or found.trusted
    with warnings.catch_warnings(record=True) as doubts:
        warnings.simplefilter("always")
        predicted = found.predict(columns, using, index)
    for doubt in doubts:
        say(f"note: {doubt.message}")
    if found.trusted == "network" and using == "formula" and chosen is None:
        say("note: the formula is an approximation that was not verified; --use network asks the network")
    say(f"{len(predicted)} rows by the {using}" + (f" {chosen or found.formula}" if using == "formula" else ""))
    if interval is None:
        return {found.target: predicted}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said above
        low, high = found.interval(columns, interval, using)
    return {found.target: predicted, f"{found.target}_low": low, f"{found.target}_high": high}


@app.command()
def plot(
    run: Run,
    use: Annotated[str, typer.Option(help="formula or network. Without it: the formula, if there is one.")] = "",
    out: Annotated[Path | None, typer.Option(help="SVG file to write. Without it: stdout.")] = None,
) -> None:
    """The picture of the formula as a network of named edges, or of the trained network, as SVG."""
    if out is not None and out.suffix.lower() != ".svg":
        raise SettingsError(
            f"--out {out} is no .svg file; the picture is written as SVG. Give a name like network.svg."
        )
    if use not in ("", "formula", "network"):
        raise SettingsError(f"--use is formula or network, not {use!r}.")
    found = runs.load(run)
    drawn = use or ("network" if found.formula is None else "formula")
    other = "network" if drawn == "formula" else "formula"
    picture = found.svg(drawn)
    if picture is None:
        way_out = f" Give --use {other}." if found.svg(other) is not None else ""
        raise StorageError(f"{run} holds no {drawn} to draw: none was found, or it is a constant.{way_out}")
    _write(picture, out)


@app.command()
def show(
    run: Run,
    explain: Annotated[
        bool, typer.Option("--explain", help="How the law was found, why it and not another, and what holds of it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """The formulas of a saved run."""
    found = runs.load_each(run) or runs.load(run)
    typer.echo(words.as_json(found.to_json()) if as_json else found.explain() if explain else str(found))


@app.command()
def export(
    run: Run,
    to: Annotated[
        str, typer.Option(help="text, latex, mathml, sympy, numpy, torch, c, javascript (js), julia, fortran or rust.")
    ],
    index: Annotated[
        int | None, typer.Option(help="Which formula of the front, from 0. Without it: the pick.", min=0)
    ] = None,
    out: Annotated[Path | None, typer.Option(help="File to write. Without it: stdout.")] = None,
) -> None:
    """A formula of a saved run as source text in another language."""
    from edgewise.formula import export as exported

    found = runs.load(run)
    formula = found.formula if index is None else found.front.at(index)
    if formula is None:
        raise StorageError(f"{run} holds no formula to export: the network stands alone.")
    text = exported(formula, words.SHORT.get(to, to))
    _write(text if text.endswith("\n") else f"{text}\n", out)


@app.command()
def laws(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A law to draw a table from. Without it: all laws.")
    ] = None,
    rows: Annotated[int, typer.Option(help="Rows to draw.", min=2)] = 1000,
    noise: Annotated[float, typer.Option(help="Noise, as a share of the output's rms.", min=0.0)] = 0.0,
    seed: Seed = 0,
    family: Annotated[str | None, typer.Option(help="List one family alone: feynman, nguyen, strogatz, ...")] = None,
    out: Annotated[Path | None, typer.Option(help="CSV file to write. Without it: stdout.")] = None,
) -> None:
    """The built-in laws, and tables drawn from them."""
    from edgewise.data.laws import LAWS, law, laws_of, sample

    if name is None:
        listed = tuple(LAWS.values()) if family is None else laws_of(family)
        width = max(len(row.name) for row in listed)
        typer.echo("\n".join(f"{row.name:<{width}}  {row.output} = {row.formula}" for row in listed))
        return
    if family is not None:
        raise SettingsError(f"--family lists laws, and {name} is one already. Leave out one of the two.")
    chosen = law(name)
    table = sample(chosen, rows=rows, seed=seed, noise=noise)
    say(f"{chosen.output} = {chosen.formula}   {chosen.source}")
    _write(words.as_csv({table.label(column): table.columns[column] for column in (*table.inputs, table.target)}), out)


@app.command()
def data(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help="A data set to fetch. Without it: all data sets.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="CSV file to write. Without it: stdout.")] = None,
) -> None:
    """Real data sets by name: from EDGEWISE_DATA_DIR, the cache, or the network, with their checksums."""
    from edgewise.data.downloads import DOWNLOADS, fetch_cells

    if name is None:
        width = max(map(len, DOWNLOADS))
        typer.echo("\n".join(f"{row.name:<{width}}  {row.about}" for row in DOWNLOADS.values()))
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said below
        columns = fetch_cells(name)
    row = DOWNLOADS[name]
    say(f"{row.about}\n  licence   {row.licence or 'not stated: ask before you pass it on'}\n  target    {row.target}")
    _write(words.as_lines(columns), out)


@app.command()
def demo(
    time_budget: Budget = 60.0,
    seed: Seed = 0,
    out: Annotated[Path, typer.Option(help="Folder to save the run in.")] = DEMO_FOLDER,
) -> None:
    """Find Kepler's third law in the orbits of 18 bodies, and save the run in ./edgewise-demo."""
    from edgewise.data import TABLES, load_table

    words.folder(out)
    say(f"{TABLES['kepler'].about}\n  source    {TABLES['kepler'].source}\n  writes    {out}/")
    _discover(load_table("kepler"), out, as_json=False, seed=seed, time_budget=time_budget)


def _discover(table: "Table", out: Path | None, as_json: bool, **settings: Any) -> None:
    """Search, print, save; Ctrl+C prints and saves the best so far and exits with 130. ``settings`` are those of
    `edgewise.discover`."""
    seed, time_budget, resume = settings["seed"], settings["time_budget"], settings.get("resume", False)
    columns = f"{', '.join(map(table.label, table.inputs))} -> {table.label(table.target)}"
    say(f"  data      {table.rows} rows, {columns}; seed {seed}, up to {time_budget:g} s")
    if out is not None:
        _say_of_earlier(out, resume)
    search = partial(
        edgewise.discover, table, checkpoint=out, **settings
    )  # loads torch, which is not to count as searching
    searched(time_budget, search, lambda found: _tell(found, out, as_json))


def _say_of_earlier(out: Path, resume: bool) -> None:
    if not resume:
        runs.say_if_replaced(out)
    if words.is_unfinished(out) and not resume:
        say(f"  note      the unfinished search in {out} is begun anew; --resume would go on with it")
    elif resume and not words.is_unfinished(out):
        say(f"  note      {out} holds no unfinished search, so this one begins at the start")


def _tell(found: "Discovery", out: Path | None, as_json: bool) -> None:
    say(f"  took      {found.seconds:.1f} s" + (f", cut short in: {', '.join(found.cut)}" if found.cut else ""))
    typer.echo(words.as_json(found.to_json()) if as_json else str(found))
    if out is not None:
        _save(found, out)
        say(f"  saved     {out}/  ({', '.join(sorted(file.name for file in out.iterdir() if file.is_file()))})")
        say(f"  next      edgewise predict {out} new.csv   ·   edgewise plot {out}   ·   edgewise show {out}")
        if found.cut:
            say(
                "            the same edgewise discover again with --resume goes on, with another --time-budget if you like"
            )


def _save(found: "Discovery", out: Path) -> None:
    try:
        found.save(out, pictures=True)
    except OSError as error:
        raise StorageError(
            f"the run could not be saved in {out}: {error.strerror or error}. What was found stands above; when there is room "
            "or leave to write, the same command with --resume saves it without searching again."
        ) from error


def _write(text: str, out: Path | None) -> None:
    if out is None:
        typer.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8")  # --out may be a pipe or /dev/stdout
    say(f"wrote {out}")
