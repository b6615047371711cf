"""The listings of the paper's sections 7 and 8, mended where typesetting broke them; each difference is noted.

One network and one seed: no restarts.
"""

import math
import sys

import torch

from edgewise.pykan import *  # noqa: F403 - as users of pykan write it


def target_function(x: torch.Tensor) -> torch.Tensor:
    """exp(sin(pi x) + y^2), (rows, 2) -> (rows, 1)."""
    return torch.exp(torch.sin(math.pi * x[:, [0]]) + x[:, [1]] ** 2)


def auto_select_symbolic_functions(model, threshold=0.9):
    """Step 3. Printed `1` for `l`, `width_in[1]` for `width_in[l]`; the unused argument `dataset` is left out."""
    selected_functions = {}
    for l in range(len(model.width_in) - 1):  # noqa: E741
        for i in range(model.width_in[l]):
            for j in range(model.width_out[l + 1]):
                if model.act_fun[l].mask[i, j] == 0:
                    continue
                name, _fun, r2, _c = model.suggest_symbolic(l, i, j)
                if r2 > threshold:
                    selected_functions[(l, i, j)] = name
    return selected_functions


def sparse(seed: int = 0):
    """Steps 1 and 2 for one seed: the data, and the model trained with sparsification and pruned."""
    dataset = create_dataset(target_function, n_var=2, train_num=1000, test_num=1000, seed=seed)  # noqa: F405
    model = KAN(width=[2, 5, 1], grid=5, k=3, seed=seed)  # noqa: F405
    model.fit(dataset, opt="LBFGS", steps=50, lamb=1e-2)  # numbers left open in print
    model.get_act(dataset["train_input"])
    model.attribute()
    return dataset, model.prune(node_th=1e-2, edge_th=3e-2)


def by_hand(dataset, model):
    """Section 7, steps 3 and 4: Alice names the functions that she sees, and trains their constants to the last digit."""
    model = model.copy()
    model.fix_symbolic(0, 0, 0, "sin")
    model.fix_symbolic(0, 1, 0, "x^2")
    model.fix_symbolic(1, 0, 0, "exp")  # the first quotation mark is missing in print
    told = model.fit(dataset, opt="LBFGS", steps=100, lamb=0.0)
    return model, told["train_loss"][-1]


def recover(seed: int = 0):
    """Section 8, steps 1 to 5 for one seed: the pruned model and its training log (8.2)."""
    return automatic(*sparse(seed))


def automatic(dataset, pruned_model):
    """Section 8, steps 3 to 5."""
    # the listing mixes `model` and `pruned_model` from here on; the pruned one is meant
    for (l, i, j), name in auto_select_symbolic_functions(pruned_model).items():  # noqa: E741
        pruned_model.fix_symbolic(l, i, j, name)
    pruned_model.affine_trainable = True
    training_log = []
    for i, steps in enumerate([30, 50, 100]):
        pruned_model.fit(dataset, opt="LBFGS", steps=steps, lamb=0.0)
        with torch.no_grad():
            mse = torch.mean((pruned_model(dataset["test_input"]) - dataset["test_label"]) ** 2)
            training_log.append((i + 1, steps, mse.item()))
    return pruned_model, training_log


def main(seed: int = 0) -> None:
    """Print what the listings print."""
    dataset, model = sparse(seed)
    if model.width_in == [2, 1, 1]:
        alices, loss = by_hand(dataset, model)
        print(f"by hand: {ex_round(alices.symbolic_formula()[0][0], 2)}, train rmse {loss:.0e}")  # noqa: F405
    pruned_model, training_log = automatic(dataset, model)
    formula, _vars = pruned_model.symbolic_formula()
    print(f"pruned to {pruned_model.width_in}, test mse {training_log[-1][2]:.2e}")
    print(f"formula: {ex_round(formula[0], 2)}")  # noqa: F405


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
