"""The order of the steps. Nothing else in the house knows it.

1  prepare     leave aside columns that cannot matter, hold rows out
2  ladder      exact tests of structure: milliseconds to seconds, no network; few where the table is noisy at first sight
3  noisy       the same tests of structure by their likelihood (after the network, where nothing hinted at noise)
4  pieces      kinks, jumps and regimes, where no smooth curve explains the rows
5  graphs      small networks of named edges, fitted outright; then proposals of an engine of others, where one is named
6  network     the smallest graph whose error falls at the rate of one that can hold the function
7  naming      that network pruned, names for every edge that is left, constants refitted
8  snapping    constants as numbers that people know
9  verdict     at the noise floor, or an approximation

Every step puts formulas on one front and may find that the time is over; what was found until then stays.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from itertools import chain
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import sympy

from edgewise.data import Table, as_table
from edgewise.errors import SettingsError
from edgewise.formula import symbol
from edgewise.nn import Model
from edgewise.symbolic import Outlook, Work, ladder, named_graphs, outlook, pieces, waves

from .architecture import (
    AS_GOOD,
    COARSE,
    FINE,
    FINE_BESIDE_A_LAW,
    QUICK,
    Architecture,
    Memory,
    as_network_sees,
    find_architecture,
)
from .calibration import tested
from .clock import Clock
from .engines import Engine, engine_of
from .explained import reason_for, ties
from .journal import Journal, journal
from .judge import Judge, Judged, beats
from .knowledge import Bound, Knowledge, Primitives, Units, knowledge
from .limits import Limits, refitting, snapping
from .memory import Steps, Trials, about
from .naming import likely_formulas
from .prepare import Prepared, prepare
from .result import Discovery, Step
from .settings import checked, checked_accuracy
from .verdict import Verdict, decide, leaves_noise
from .weighing import mean, r2, rms

Progress = Callable[[str, float, str], None]
LADDER_SHARE = 0.3  # of the budget, before the network has its turn
PIECES_SHARE = 0.3  # of what is left
ENGINE_SHARE = 0.4  # of what is left
NOISY_LADDER_SHARE = 0.5  # of what is left
NETWORK_SHARE = 0.7  # of what is left then
BESIDE_A_LAW = 0.25  # the same, where a law is known already
SHAPES_BESIDE_A_LAW = 4  # in noise: a network must not be better
SHAPES_BESIDE_AN_EXACT_LAW = 3  # nothing is better than rounding: the network is there to be looked at
NAMING_SHARE = 0.7  # of what is left then; the rest is for snapping
ENOUGH = 200  # training rows from which on what looks like noise may be taken for it before the network was asked
ENOUGH_FOR_PIECES = 60  # training rows
SAMPLE = 256  # rows kept with the result, for its pictures
QUICK_CONSTANTS = 6  # as many are snapped in a fraction of a second
INTERRUPTED = "interrupted"  # by Ctrl+C, among what was cut
SNAPPED = 6  # formulas of the front whose constants are tried as plain numbers


def discover(
    table: Table | Any,
    target: str | None = None,
    *,
    seed: int = 0,
    time_budget: float = 60.0,
    units: Units = None,
    known: str | None = None,
    shapes: Mapping[str, str] | None = None,
    primitives: Primitives = None,
    functions: Iterable[str] | None = None,
    without: Iterable[str] | None = None,
    preferred: Iterable[str] | None = None,
    max_complexity: int | None = None,
    workers: int = 1,
    progress: Progress | None = None,
    effort: float = 1.0,
    checkpoint: str | Path | None = None,
    resume: bool = False,
    accuracy: float = 0.0,
    engine: str | None = None,
) -> Discovery:
    """Find the law in a table.

    ``table`` is a Table, or what one can be made of with ``target``: a data frame, a mapping of columns, a path.
    ``time_budget`` is in wall seconds; when it ends, or on Ctrl+C, the best so far is returned and ``cut`` says what was
    left out. ``workers`` processes try network shapes at the same time; the answer does not depend on their number, nor
    on anything but the table, ``seed`` and the settings, unless the budget cut a stage: what each step may do is counted
    in work, by the rows of the table and multiplied by ``effort``. ``progress(step, share, best formula)`` is called as
    the search goes on. ``accuracy`` says by how much the target may be off without noise, in its own unit: a column rounded
    to three decimals has 5e-4. Exact laws are then looked for to that accuracy. ``engine="operon"`` lets that engine propose
    formulas, too, where no law is known by then (``pip install 'edgewise[operon]'``); they are judged like all others.

    What you know beforehand: ``units`` by column (True for those of the table) let the search begin with dimensionless
    groups and put formulas first that agree with them. ``known`` is a part of the law, ``"m*g*h + ..."`` or
    ``"exp(-t) * ..."``: the dots are what is searched for, and the whole law is the answer. ``shapes`` say how it depends
    on columns, ``{"L": "increasing"}``: formulas that do not are refused, and the network is built so that it does.
    ``primitives`` restricts the functions that edges may become (names of the table, or the user's own), ``functions`` adds
    special ones (``["j0", "erf"]``, names of `edgewise.primitives.SPECIAL`), ``without`` takes some away, ``preferred`` ones
    win where the rows tell little, and no formula is longer than ``max_complexity`` symbols.

    ``checkpoint`` is the folder that the run will be saved in: what is finished is kept there while the search goes on
    (in ``unfinished.journal``, until `Discovery.save` has written a whole run). After a kill, Ctrl+C or a budget that
    ended, ``resume=True`` goes on from there, with the same answer as a search that nothing stopped; where nothing was
    kept it begins at the start. Raises StorageError where what was kept is of another table or other settings, where
    another process is searching with the same folder, or where ``unfinished.journal`` is no folder of a search.

    >>> from edgewise.data import load_table
    >>> discover(load_table("kepler"), time_budget=20).formula.equation  # doctest: +SKIP
    'period = axis**(3/2)'
    """
    table = as_table(table, target)
    seed, time_budget, effort = checked(seed, time_budget, effort)
    if not isinstance(workers, Integral) or workers < 1:
        raise SettingsError(f"workers is a number of processes, 1 or more, got {workers!r}.")
    if resume and checkpoint is None:
        raise SettingsError("resume goes on with a search that was kept: say in which folder with checkpoint=...")
    known_to, proposing = checked_accuracy(accuracy), engine_of(engine)
    table, told = knowledge(
        table,
        primitives=primitives,
        functions=functions,
        without=without,
        preferred=preferred,
        max_complexity=max_complexity,
        units=units,
        known=known,
        shapes=shapes,
    )
    search = _Search(table, seed, time_budget, told, workers, progress or (lambda *_: None), effort, known_to)
    search.engine = proposing
    said = proposing.version if proposing else ""
    with (
        journal(
            checkpoint, {} if checkpoint is None else about(table, seed, effort, told, known_to, said), resume
        ) as search.journal,
        np.errstate(all="ignore"),  # candidates may overflow: the judge sees it
    ):
        try:
            search.run()
        except KeyboardInterrupt:
            if not search.judge.judged:
                raise  # there is nothing to keep yet
            search.clock.cut.append(INTERRUPTED)
        try:
            return search.result()
        except KeyboardInterrupt:
            if INTERRUPTED in search.clock.cut:
                raise
            search.clock.cut.append(INTERRUPTED)
            return search.result()


class _Search:
    """One run: the steps in order, each leaving its mark on the judge's front."""

    def __init__(
        self,
        table: Table,
        seed: int,
        budget: float,
        known: Knowledge,
        workers: int,
        progress: Progress,
        effort: float = 1.0,
        accuracy: float = 0.0,
    ) -> None:
        self.clock = Clock(budget)
        self.table, self.seed, self.workers, self.primitives = table, seed, workers, known.named
        self.prepared: Prepared = prepare(table, seed)
        self.effort, self.limits = effort, Limits(self.prepared.train.rows, effort)
        self.known = Bound(known, self.prepared.symbols, table.target)
        self.unshaped = self.known.check_network(self.prepared)
        self.accuracy = self.known.uncertainty(accuracy, self.prepared)
        self.judge = Judge(self.prepared, self.known.permits, self.known.nats, self.known.refuses, self.accuracy)
        self.progress = progress
        self.journal: Journal | None = None
        self.engine: Engine | None = None
        self.architecture: Architecture | None = None
        self.steps: list[Step] = []

    def run(self) -> None:
        """All the steps; the mean stands on the front from the start."""
        self.judge(sympy.Float(mean(self.prepared.train.y, self.prepared.train.weights)), "mean")
        enough = self.prepared.train.rows >= ENOUGH
        noisy = enough and self._outlook.noisy
        early = noisy or (enough and 0 < self._outlook.promise < 1)
        self._step("ladder", self._quick_ladder if noisy else self._ladder)
        if early and not self._exact():
            self._step("noisy ladder", self._noisy_ladder)
        if noisy and not self._known():
            self._step("all of the ladder", self._ladder)
        if not self._known():
            self._step("pieces", self._pieces)
        if not self._known():
            self._step("graphs", self._graphs)
        if (engine := self.engine) and not self._known():
            self._step(engine.name, lambda: self._proposals(engine))
        self._step("network", self._network)
        if not early and not self._exact() and self._is_noisy():
            self._step("noisy ladder", self._noisy_ladder)
        if not self._known():
            self._step("naming", self._naming)
        self._step("snapping", self._snapping, late=True)
        if self.prepared.whole is not None:
            self._step("all rows", self._finishing, late=True)

    def _step(self, name: str, run: Callable[[], None], *, late: bool = False) -> None:
        """One step; ``late`` ones look at the clock themselves."""
        if not late and self.clock.over(name):
            return
        self._tell(name)
        seconds = self._done(name, run)
        best = self.judge.best
        found, error = (best.formula.equation, best.error) if best else ("", float("inf"))
        self.steps.append(Step(name, found, error, round(seconds, 3)))
        self._tell(name)

    def _done(self, name: str, run: Callable[[], None]) -> float:
        """Do the step, or take it from the journal; the seconds that it took. What stands on a cut step is not kept."""
        kept = Steps(None if name == "network" else self.journal, self.judge)  # of networks each trial is kept
        seconds = kept.replay(name)
        if seconds is not None:
            return seconds
        began, before = time.monotonic(), len(self.judge.events)
        run()
        seconds = time.monotonic() - began
        if not self.clock.cut:
            kept.keep(name, self.judge.events[before:], seconds)
        return seconds

    def _tell(self, name: str) -> None:
        best = self.judge.best
        self.progress(name, min(1.0, self.clock.elapsed / self.clock.budget), best.formula.equation if best else "")

    def _exact(self) -> bool:
        best = self.judge.best
        return best is not None and best.exact

    def _known(self) -> bool:
        """Whether a law is known: an exact one, or in noise one that leaves nothing to explain."""
        best = self.judge.best
        enough = self.prepared.train.rows >= ENOUGH
        return best is not None and (best.exact or (enough and leaves_noise(best, self.prepared)))

    @cached_property
    def _outlook(self) -> Outlook:
        train = self.prepared.train
        return outlook(self.prepared.columns(train), train.y)

    # -- the steps -----------------------------------------------------------------------------------------------

    def _ladder(self) -> None:
        if self.prepared.train.rows < 10:
            return
        units = self.limits.ladder(self._outlook.promise)
        self._climb("ladder", None, Work(units, self.clock.deadline(LADDER_SHARE)))

    def _quick_ladder(self) -> None:
        """The cheapest tests alone: the table looks noisy, so that exact ones are unlikely to hold."""
        self._climb("ladder", None, Work(self.limits.quick, self.clock.deadline(LADDER_SHARE)))

    def _noisy_ladder(self) -> None:
        work = Work(self.limits.noisy, self.clock.deadline(NOISY_LADDER_SHARE))
        self._climb("noisy ladder", self._noise(), work)

    def _climb(self, name: str, noise: float | None, work: Work) -> None:
        train, functions = self.prepared.train, tuple(self.known.known.functions.values())
        told: dict[str, Any] = {"dimensions": self.known.dimensions, "accuracy": self.accuracy / rms(train.y)}
        columns = self.prepared.columns(train)
        for candidate in ladder(columns, train.y, noise=noise, work=work, functions=functions, **told):
            self.judge(candidate.expression, candidate.stage, refit=not candidate.exact)
            self._tell(name)
        if work.cut:
            self.clock.cut.append(name)

    def _pieces(self) -> None:
        """Kinks, jumps and regimes: only where rows say that no smooth curve does."""
        train = self.prepared.train
        work = Work(self.limits.pieces, self.clock.deadline(PIECES_SHARE))
        if train.rows >= ENOUGH_FOR_PIECES:
            for expression in pieces(self.prepared.columns(train), train.y, work):
                self.judge(expression, "pieces")
        if work.cut:
            self.clock.cut.append("pieces")

    def _graphs(self) -> None:
        train = self.prepared.train
        ranked: list[tuple[float, int, sympy.Expr]] = []
        columns = self.prepared.columns(train)
        found = named_graphs(columns, train.y, self.primitives)
        if len(columns) == 1:
            (name, x), *_ = columns.items()
            found = chain(found, waves(x, train.y, symbol(name)))
        for expression in found:
            if self.clock.over("graphs"):
                break
            rough = self.judge.rough_error(expression)
            ranked.append((rough, len(ranked), expression))
        for number, (_, _, expression) in enumerate(sorted(ranked)[:12]):
            if number and self.clock.over("graphs"):
                return
            self.judge(expression, "graphs")

    def _proposals(self, engine: Engine) -> None:
        """What an engine of others finds, refitted and judged here."""
        train, limit, seconds = self.prepared.train, self.clock.until(ENGINE_SHARE), ENGINE_SHARE * self.clock.left
        told = (self.prepared.columns(train), train.y, self.primitives.keys(), self.seed, self.effort, seconds)
        for expression in engine.propose(*told):
            self.judge(expression, engine.name)
            self._tell(engine.name)
        if limit():
            self.clock.cut.append(engine.name)

    def _network(self) -> None:
        if self.prepared.small and self.prepared.table.rows < 12:
            return
        exact, known = self._exact(), self._known()
        limit = self.clock.until(BESIDE_A_LAW if known else NETWORK_SHARE)
        self.architecture = find_architecture(
            self.prepared,
            seed=self.seed,
            workers=self.workers,
            most=SHAPES_BESIDE_AN_EXACT_LAW if exact else SHAPES_BESIDE_A_LAW if known else None,
            coarse=QUICK if exact else COARSE,
            fine=FINE_BESIDE_A_LAW if exact else FINE,
            effort=self.effort,
            stop=limit,
            last=self.clock.until(),
            report=lambda trial: self._tell("network"),
            memory=self._memory(),
            asked=self.known.of_network,
        )
        if limit():
            self.clock.cut.append("network")
        if self.architecture is not None and self.architecture.interrupted:
            raise KeyboardInterrupt

    def _memory(self) -> Memory | None:
        return (
            None
            if self.journal is None
            else Trials(self.journal, as_network_sees(self.prepared, self.known.of_network)[0])
        )

    def _naming(self) -> None:
        """Names for the chosen network, then for the next best ones, until a formula is as good as its network."""
        if self.architecture is None or not self._tells_more_than_the_mean(self.architecture.model):
            return
        work = Work(self.limits.naming, self.clock.deadline(NAMING_SHARE))
        self._name(self.architecture, work)
        if work.cut:
            self.clock.cut.append("naming")

    def _name(self, architecture: Architecture, work: Work) -> None:
        tried = sorted(architecture.trials, key=lambda trial: (not trial.certified, trial.error))
        models = [(architecture.model, architecture.trial.error)]
        models += [(architecture.model.with_network(t.fit.network), t.error) for t in tried[:3]]
        for model, error in models:
            best = self.judge.best
            if best is not None and AS_GOOD * best.error < error:  # nothing is to be had from a network that is worse
                return
            for expression in likely_formulas(
                model, self.prepared, error, self.primitives, work, self.judge.rough_error
            ):
                if not work.pays(refitting(expression)):
                    break
                self.judge(expression, "naming")
                self._tell("naming")
            best = self.judge.best  # among several exact ones (exp, a shifted sinh) the shortest
            if work.late() or (best is not None and (best.exact or best.error < AS_GOOD * error)):
                return

    def _tells_more_than_the_mean(self, model: Model) -> bool:
        """Whether a network foretells the rows held out from it better than the mean of the others."""
        train, held = self.prepared.network_train, self.prepared.network_held
        return beats(held.y - model.predict(held.x), held.y - mean(train.y, train.weights), held.weights)

    def _snapping(self) -> None:
        """The best one first: where it is short it gets its plain numbers even when the time is over."""
        noise = None if self._exact() else self._noise()
        best, work = self.judge.best, Work(self.limits.snapping)
        others = [
            formula for formula in reversed(list(self.judge.front)[-SNAPPED:]) if best and formula is not best.formula
        ]
        for formula in [best.formula, *others] if best else []:
            is_quick = best is not None and formula is best.formula and len(formula.constants) <= QUICK_CONSTANTS
            if not is_quick and self.clock.over("snapping"):
                return
            is_law = best is not None and formula is best.formula and best.exact  # whatever it takes
            if is_quick or is_law or work.pays(snapping(len(formula.constants))):
                self.judge.snapped(self._judged(formula), noise)

    def _finishing(self) -> None:
        """The pick of a long table on all its training rows."""
        if self.judge.best is not None:
            self.judge.finished(self.judge.best)

    def _judged(self, formula: object) -> Judged:
        return next(j for j in self.judge.judged if j.formula is formula)

    def _is_noisy(self) -> bool:
        """Whether finer splines stopped to help, so that what is left is noise and not a lack of pieces."""
        return self.architecture is not None and not self.architecture.certified and not self.prepared.small

    def _noise(self) -> float | None:
        """The least error that anything reached, in the target's units: what is left is taken for noise."""
        errors = [j.formula.rmse for j in self.judge.judged]
        if self.architecture is not None:
            errors.append(self._network_errors(self.architecture.model)[0])
        return min(errors, default=None)

    # -- the result ----------------------------------------------------------------------------------------------

    def result(self) -> Discovery:
        """What was found until now."""
        architecture = self.architecture
        verdict: Verdict = decide(self.judge, architecture, self.prepared)
        model: Model | None = architecture.model if architecture else None
        rmse, explained = self._network_errors(model)
        test = tested(verdict.pick, self.prepared)
        pick = verdict.pick.formula.expression if verdict.pick else None
        rows = np.random.default_rng(self.seed).permutation(self.prepared.table.rows)[:SAMPLE]
        found = Discovery(
            target=self.table.target,
            inputs=self.prepared.table.inputs,
            formula=verdict.pick.formula if verdict.pick else None,
            front=self.judge.front,
            verified=verdict.verified and not (pick is not None and self.known.contradicts(pick)),
            model=model,
            network_shape=self._network_shape(),
            network_rmse=rmse,
            network_r2=explained,
            rate=architecture.rate if architecture else 0.0,
            rows=self.table.rows,
            seconds=self.clock.elapsed,
            seed=self.seed,
            cut=tuple(dict.fromkeys(self.clock.cut)),
            warnings=(
                *self.table.notes,
                *self.prepared.warnings,
                *verdict.warnings,
                *(ties(verdict.pick, self.judge, self.prepared) if verdict.pick and verdict.verified else ()),
                *self.known.notes(pick, self.judge.refused),
                *(self.unshaped if model else ()),
                *test.warnings,
                *(self.journal.warnings if self.journal else ()),
            ),
            steps=tuple(self.steps),
            sample=self.prepared.table.x[np.sort(rows)],
            ranges=self.prepared.ranges,
            test_rmse=test.rmse,
            test_r2=test.r2,
            calibration=test.calibration,
            reason=reason_for(verdict.pick, self.judge, self.prepared) if verdict.pick else None,
            levels=self.table.levels,
        )
        return self.known.whole(found, self.prepared)

    def _network_shape(self) -> tuple[int | tuple[int, int], ...]:
        """Of the chosen network: as it was tried, or with what a shape has added to it."""
        if self.architecture is None:
            return ()
        bent = self.known.of_network is not None
        return tuple(self.architecture.model.network.shape if bent else self.architecture.trial.shape)

    def _network_errors(self, model: Model | None) -> tuple[float, float]:
        """rmse and r2 of the network on the rows that were held out from it."""
        if model is None:
            return float("nan"), float("nan")
        held = self.prepared.network_held
        residuals = held.y - model.predict(held.x)
        return rms(residuals, held.weights), r2(residuals, held.y, held.weights)
