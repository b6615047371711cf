"""A few threads of our own: the compiled kernels hold no lock of the interpreter, and write to ranges that do not meet.

An OpenMP runtime beside that of torch aborts under callers that call at once and dies after a fork; threads do neither. As
many run as torch may use (``torch.set_num_threads``), and only where the work is worth waking them.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import torch

WORTH_IT = 2_000_000  # (row, input, output) triples for each thread
_pools: dict[tuple[int, int], ThreadPoolExecutor] = {}


def in_ranges(work: Callable[[int, int], None], length: int, amount: int, step: int = 1) -> None:
    """Call ``work(start, stop)`` for ranges that make up ``length``, at once if ``amount`` is large; wait for all.

    Ranges begin at multiples of ``step``.
    """
    threads = max(1, min(torch.get_num_threads(), amount // WORTH_IT, -(-length // step)))
    if threads == 1:
        work(0, length)
        return
    marks = [min(length, step * (-(-length * k // (threads * step)))) for k in range(threads + 1)]
    waiting = [_pool(threads - 1).submit(work, *marks[k : k + 2]) for k in range(1, threads)]
    work(marks[0], marks[1])
    for one in waiting:
        one.result()


def _pool(threads: int) -> ThreadPoolExecutor:
    """The pool of this process: threads do not survive a fork."""
    key = (os.getpid(), threads)
    if key not in _pools:
        _pools[key] = ThreadPoolExecutor(threads, "edgewise")
    return _pools[key]
