"""Tables: from arrays, frames and files; real measurements that come along or are fetched; laws to draw tables from.

>>> from edgewise.data import load_table
>>> load_table("kepler").target
'period'
"""

from .coded import coded_name
from .downloads import DOWNLOADS, fetch, fetch_arrays, fetch_cells
from .frames import columns_of, has_names
from .given import as_table
from .readers import read_columns, read_table
from .table import Table, unique_names
from .tables import TABLES, load_table

__all__ = [
    "DOWNLOADS",
    "TABLES",
    "Table",
    "as_table",
    "coded_name",
    "columns_of",
    "fetch",
    "fetch_arrays",
    "fetch_cells",
    "has_names",
    "load_table",
    "read_columns",
    "read_table",
    "unique_names",
]
