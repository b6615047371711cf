"""Times that can be compared: candidates take turns in one process, and only ratios count."""

import os
import subprocess
import sys
import tempfile
import time
import tracemalloc
from statistics import median

import torch

from .steps import Case, Step, training

CLOCKS = {"cpu": time.process_time, "wall": time.perf_counter}


def in_turns(
    steps: dict[str, Step], rounds: int, clock: str = "cpu", slow: float = 1.0
) -> dict[str, tuple[float, float]]:
    """Least and median seconds of each step. Steps above ``slow`` seconds are timed in three rounds only."""
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    now = CLOCKS[clock]
    for step in steps.values():
        step()
        step()
    for number in range(rounds):
        for name, step in steps.items():
            if number >= 3 and min(seconds[name]) > slow:
                continue
            start = now()
            step()
            seconds[name].append(now() - start)
    return {name: (min(taken), median(taken)) for name, taken in seconds.items()}


def peak_megabytes(model: torch.nn.Module, case: Case, way: str) -> float:
    """Activations and scratch of one step beyond parameters, gradients and the optimiser's state, in MB.

    Tensors are counted as the allocator reports them in a profile; arrays of NumPy by tracemalloc.
    """
    step = training(model, case, way)
    for _ in range(3):
        step()  # from here on the optimiser's state is there
    tracemalloc.start()
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as profile:
        step()
    arrays = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    events = profile.profiler.kineto_results.events()
    sizes = [event.nbytes() for event in events if event.name() == "[memory]"]
    gradients = {parameter.numel() * parameter.element_size() for parameter in model.parameters()}
    return (highest_level(sizes, gradients) + arrays) / 1e6


def highest_level(sizes: list[int], kept: set[int]) -> int:
    """The highest sum of what was taken (above 0) and given back (below), but for blocks of a ``kept`` size that stay."""
    open_blocks: dict[int, list[int]] = {}
    for number, size in enumerate(sizes):
        if size > 0:
            open_blocks.setdefault(size, []).append(number)
        elif open_blocks.get(-size):
            open_blocks[-size].pop()
    stay = {number for size in kept for number in open_blocks.get(size, [])}
    level = highest = 0
    for number, size in enumerate(sizes):
        level += 0 if number in stay else size
        highest = max(highest, level)
    return highest


COLD = """
import sys, time
import torch
torch.set_num_threads(1)
from edgewise.basis.kernels import use
from edgewise.nn import KANLayer
layer, x = KANLayer(256, 256), torch.rand(1024, 256, requires_grad=True)
with use("compiled"):
    start, cpu = time.perf_counter(), time.process_time()
    layer(x).sum().backward()
    print(time.perf_counter() - start, time.process_time() - cpu)
"""


def first_call() -> tuple[list[float], list[float]]:
    """Wall and CPU seconds of the first training step of a process: with nothing compiled before, and from the cache."""
    with tempfile.TemporaryDirectory() as cache:
        return _cold(cache), _cold(cache)


def _cold(cache: str) -> list[float]:
    environment = {**os.environ, "NUMBA_CACHE_DIR": cache}
    words = [sys.executable, "-c", COLD]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]
