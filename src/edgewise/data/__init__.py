"""Tables: from arrays, frames and files; tables of real measurements that come along; laws to draw tables from.

>>> from edgewise.data import load_table
>>> load_table("kepler").target
'period'
"""

from .readers import read_columns, read_table
from .table import Table
from .tables import TABLES, load_table

__all__ = ["TABLES", "Table", "load_table", "read_columns", "read_table"]
