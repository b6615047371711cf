"""How fast layers are trained, beside a bare matrix product and beside other libraries."""
