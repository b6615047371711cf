"""pykan's refinement on our rows, to an error; run by a Python that has pykan, in an empty folder with data.npz.

    python pykan_pace.py SEED GOAL

[2, 1, 1], cubic, float64, LBFGS, 50 steps a grid of 3, 5, 10, 20, 30 and 50 intervals; it ends at the first grid whose error
on the test rows is at most GOAL, or after the second where this is above 0.01: such a start stays where it is.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import torch
from kan import KAN


def main(seed: int, goal: float) -> None:
    warnings.simplefilter("ignore")
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    dataset = {name: torch.tensor(values) for name, values in np.load("data.npz").items()}
    Path("model").mkdir()  # where it logs, asked or not
    wall, cpu = time.perf_counter(), time.process_time()
    model, errors = KAN(width=[2, 1, 1], grid=3, k=3, seed=seed, device="cpu", auto_save=False), {}
    for grid in (3, 5, 10, 20, 30, 50):
        if errors:
            model = model.refine(grid)
        losses = model.fit(dataset, opt="LBFGS", steps=50)
        errors[grid] = float(losses["test_loss"][-1])
        if errors[grid] <= goal or (len(errors) == 2 and errors[grid] > 0.01):
            break
    print()
    told = {"errors": errors, "wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    print(json.dumps(told), flush=True)


main(int(sys.argv[1]), float(sys.argv[2]))
