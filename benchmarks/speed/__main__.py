"""Training steps of layers over the bare matrix products of the same shapes.

    python -m benchmarks.speed [--rounds 30] [--device cuda]

The yardstick is defined in ``steps.dense``: the three dense products of each layer with the basis given for nothing, and
the same fused Adam. Candidates take turns in one process; CPU time of one thread. ``--device cuda`` measures a layer on a GPU
instead (``gpu.py``) and prints what it finds.
"""

import argparse
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import torch

from benchmarks.common.report import table, write_report

from .gpu import on_a_gpu
from .parts import where_it_goes
from .steps import Case, candidates, gate, missing, network, training
from .timing import first_call, in_turns, peak_megabytes
from .tiny import tiny

LAYER = Case((256, 256), 1024, inner=True)
CASES = (
    LAYER,
    Case((784, 64, 10), 1024),
    Case((784, 64, 10), 64),
    *(Case((64, 64), 1024, intervals, inner=True) for intervals in (5, 20, 100, 200)),
)
YARDSTICK = "dense products"
WIDE = ("avx512f", "avx2")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--parts", action="store_true", help="where a step's time goes, on a page of its own")
    settings = parser.parse_args()
    rounds = settings.rounds
    if settings.device == "cuda":
        print(on_a_gpu(rounds))
        return
    torch.set_num_threads(1)
    if settings.parts:
        pages = where_it_goes()
        write_report(
            Path(__file__).parent, "Where a step's time goes", "weights and rows by seeds 0 and 1", pages, "parts"
        )
        return
    found = {case: _measure(case, rounds) for case in CASES}
    parts = [
        f"Processor: {_processor()}. Not importable here, so not measured: {', '.join(missing()) or 'none'}.",
        *(_case(case, *found[case]) for case in CASES),
        _growth(found),
        tiny(rounds),
        _memory(),
        _first(),
        _threads(rounds),
    ]
    write_report(Path(__file__).parent, "Speed of layers", "weights and rows by seeds 0 and 1", parts)


def _measure(case: Case, rounds: int) -> tuple[float, dict[str, tuple[float, float]]]:
    error = gate(case)
    if error > 1e-4:
        raise SystemExit(f"{case.name}: kernels are off by {error:.1e} of the largest value; nothing is timed.")
    return error, in_turns(candidates(case), rounds)


def _case(case: Case, error: float, times: dict[str, tuple[float, float]]) -> str:
    least, middle = times[YARDSTICK]
    rows = [
        [name, 1e3 * low, low / least, 1e3 * mid, mid / middle]
        for name, (low, mid) in sorted(times.items(), key=lambda row: row[1][0])
    ]
    head = ["a full step", "least ms", "over the products", "median ms", "over the products"]
    return f"## {case.name}\n\nKernels against the formula in float64, before timing: {error:.1e}.\n\n" + table(
        head, rows
    )


def _growth(found: dict[Case, tuple[float, dict[str, tuple[float, float]]]]) -> str:
    few, many = (found[Case((64, 64), 1024, intervals, inner=True)][1] for intervals in (5, 200))
    rows = [[name, many[name][0] / few[name][0]] for name in few if name in many]
    return "## Growth of the step from 5 to 200 intervals, 64-64, batch 1024\n\n" + table(
        ["a full step", "times"], rows
    )


def _memory() -> str:
    rows = [[way, peak_megabytes(network(LAYER), LAYER, way)] for way in ("compiled", "eager")]
    return (
        "## Peak memory of a step beyond parameters, gradients and the optimiser's state, 256-256, batch 1024\n\n"
        + table(["edgewise", "MB"], rows)
    )


def _first() -> str:
    cold, warm = first_call()
    rows = [["nothing compiled before", *cold], ["from the cache", *warm]]
    return "## First step of a process, 256-256, batch 1024\n\n" + table(["", "wall s", "CPU s"], rows)


def _threads(rounds: int) -> str:
    steps = {}
    for threads in (1, 2):
        step = training(network(LAYER), LAYER, "compiled")

        def with_threads(step=step, threads=threads) -> None:
            torch.set_num_threads(threads)
            step()

        steps[threads] = with_threads
    times = in_turns({str(threads): step for threads, step in steps.items()}, rounds, "wall")
    torch.set_num_threads(1)
    same = _same_bits()
    return (
        "## Two threads over one, 256-256, batch 1024, wall time\n\n"
        f"{times['1'][0] / times['2'][0]:.2f} times faster by the least, {times['1'][1] / times['2'][1]:.2f} by the median; "
        f"{'the same bits' if same else '**not the same bits**'}."
    )


def _same_bits() -> bool:
    answers = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        model = network(LAYER)
        x, g = LAYER.data()
        y = model(x)
        answers.append([y, *torch.autograd.grad(y, [x, model[0].weight], g)])
    torch.set_num_threads(1)
    return all(torch.equal(a, b) for a, b in zip(*answers, strict=True))


def _processor() -> str:
    known = Path("/proc/cpuinfo")
    flags = known.read_text().split() if known.exists() else []
    return next((name.upper() for name in WIDE if name in flags), "without AVX2, or not known")


main()
