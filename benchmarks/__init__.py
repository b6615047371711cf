"""One folder a claim, run as ``python -m benchmarks.NAME``; each writes its results.md.

One thread for numerical libraries, set before any of them is imported: tiny linear algebra on a busy machine is up to
twenty times slower with more.
"""

import os

for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_variable] = "1"
os.environ["OMP_WAIT_POLICY"] = "passive"
