"""pykan's own hellokan recipe on our rows; run by a Python that has pykan, in an empty folder with data.npz.

    python hellokan.py SEED float64

grid 3, 50 steps with lamb 1e-3, prune, 50, refine to 10, 50, auto_symbolic with ten functions, 50. The formula is printed
with all its digits, as JSON.
"""

import json
import sys
import time
import warnings

import numpy as np
import torch
from kan import KAN

LIBRARY = ["x", "x^2", "x^3", "x^4", "exp", "log", "sqrt", "tanh", "sin", "abs"]


def main(seed: int, dtype: str) -> None:
    warnings.simplefilter("ignore")
    torch.set_default_dtype(getattr(torch, dtype))
    torch.set_num_threads(1)
    data = np.load("data.npz")
    tensors = {name: torch.tensor(data[name], dtype=getattr(torch, dtype)) for name in data}
    dataset = {
        "train_input": tensors["x"],
        "train_label": tensors["y"][:, None],
        "test_input": tensors["x_test"],
        "test_label": tensors["y_test"][:, None],
    }
    wall, cpu = time.perf_counter(), time.process_time()
    model = KAN(width=[2, 5, 1], grid=3, k=3, seed=seed, device="cpu")
    model.fit(dataset, opt="LBFGS", steps=50, lamb=0.001)
    model = model.prune()
    model.fit(dataset, opt="LBFGS", steps=50)
    model = model.refine(10)
    model.fit(dataset, opt="LBFGS", steps=50)
    model.auto_symbolic(lib=LIBRARY)
    losses = model.fit(dataset, opt="LBFGS", steps=50)
    formula = model.symbolic_formula(var=["x", "y"])[0][0]
    print()
    told = {
        "formula": str(formula),
        "test_rmse": float(losses["test_loss"][-1]),
        "shape": str(model.width),
        "wall": time.perf_counter() - wall,
        "cpu": time.process_time() - cpu,
    }
    print(json.dumps(told), flush=True)


main(int(sys.argv[1]), sys.argv[2])
