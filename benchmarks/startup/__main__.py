"""What it costs to say hello: CPU seconds of ``import edgewise`` and of ``edgewise --help``.

    python -m benchmarks.startup

Each is the median of five fresh processes; an empty Python process stands beside them.
"""

import os
import platform
import statistics
import subprocess
import sys
from datetime import UTC, datetime

CASES = {
    "python, empty": ["-c", "pass"],
    "import edgewise": ["-c", "import edgewise"],
    "edgewise --help": ["-m", "edgewise.cli", "--help"],
    "from edgewise import Table": ["-c", "from edgewise import Table"],
    "from edgewise import Formula": ["-c", "from edgewise import Formula"],
    "from edgewise import KAN": ["-c", "from edgewise import KAN"],
}
REPEATS = 5


def cpu_seconds(arguments: list[str]) -> float:
    """User and system seconds of one fresh process."""
    before = os.times()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    print(f"{datetime.now(UTC):%Y-%m-%d}, Python {platform.python_version()}, {os.cpu_count()} cores")
    print("python -m benchmarks.startup\n")
    for name, arguments in CASES.items():
        cpu_seconds(arguments)  # the first one fills the disk's cache and writes bytecode
        seconds = statistics.median(cpu_seconds(arguments) for _ in range(REPEATS))
        print(f"{name:<30} {seconds:6.2f} s CPU")


main()
