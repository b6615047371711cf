"""Tables: from arrays, frames and files; real measurements that come along or are fetched; laws to draw tables from.

>>> from edgewise.data import load_table
>>> load_table("kepler").target
'period'
"""

from .downloads import DOWNLOADS, fetch, fetch_arrays, fetch_cells
from .readers import read_columns, read_table
from .table import Table
from .tables import TABLES, load_table

__all__ = [
    "DOWNLOADS",
    "TABLES",
    "Table",
    "fetch",
    "fetch_arrays",
    "fetch_cells",
    "load_table",
    "read_columns",
    "read_table",
]
