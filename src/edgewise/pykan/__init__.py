"""The vocabulary of pykan and of the paper's listings, spoken over our own objects and nowhere else.

>>> model = KAN(width=[2, 5, 1], grid=3, k=3, seed=1)
>>> model.width_in
[2, 5, 1]
"""

from .compiler import expr2kan, kanpiler
from .dataset import create_dataset, create_dataset_from_data
from .model import KAN
from .symbolic import ex_round

__all__ = ["KAN", "create_dataset", "create_dataset_from_data", "ex_round", "expr2kan", "kanpiler"]
