"""A node that multiplies holds x y with two straight edges; nodes that add need two squares."""

from edgewise.pykan import KAN, create_dataset


def main() -> tuple[float, str]:
    """The test error of [2, one product, 1], and the formula."""
    dataset = create_dataset(lambda x: x[:, [0]] * x[:, [1]], n_var=2, train_num=300, test_num=300)
    model = KAN(width=[2, [0, 1], 1], grid=3, k=3, seed=2)
    model.fit(dataset, steps=20)
    model.auto_symbolic(lib=["x", "x^2", "sin", "exp"])
    error = model.fit(dataset, steps=20)["test_loss"][-1]
    formula = str(model.symbolic_formula(var=["x", "y"])[0][0])
    print(f"test rmse {error:.1e}   {formula}")
    return error, formula


if __name__ == "__main__":
    main()
