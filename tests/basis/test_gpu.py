"""The kernels for GPUs obey the formula and agree with SciPy: by Triton's interpreter where Triton is, on a GPU where one is."""

import ast
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import edgewise

SUPPORT = Path(__file__).parents[1] / "support" / "gpu_checks.py"
TREE = ast.parse(SUPPORT.read_text())
CHECKS = [node.name for node in TREE.body if isinstance(node, ast.FunctionDef) and node.decorator_list]


def results(device: str) -> dict[str, str]:
    """What every check found, in a process of its own: the interpreter is chosen when Triton is imported."""
    if importlib.util.find_spec("triton") is None:
        pytest.skip("Triton is not installed here (the CUDA builds of torch bring it): the GPU kernels were not run")
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([str(Path(edgewise.__file__).parents[1]), *sys.path]))
    if device == "cpu":
        environment["TRITON_INTERPRET"] = "1"
    words = [sys.executable, str(SUPPORT), device]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(line) for line in done.stdout.splitlines())


@pytest.fixture(scope="module")
def interpreted() -> dict[str, str]:
    return results("cpu")


@pytest.fixture(scope="module")
def on_a_gpu() -> dict[str, str]:
    if not torch.cuda.is_available():
        pytest.skip("no GPU here")
    return results("cuda")


@pytest.mark.parametrize("name", CHECKS)
def test_by_the_interpreter(name: str, interpreted: dict[str, str]) -> None:
    assert interpreted[name] == "", interpreted[name]


@pytest.mark.parametrize("name", CHECKS)
def test_on_a_gpu(name: str, on_a_gpu: dict[str, str]) -> None:
    assert on_a_gpu[name] == "", on_a_gpu[name]


def test_neither_layers_nor_their_training_on_a_cpu_import_triton() -> None:
    code = (
        "import sys, torch, edgewise\n"
        "from edgewise.nn import KANLayer\n"
        "KANLayer(64, 32)(torch.rand(500, 64)).sum().backward()\n"
        "print('edgewise.basis.kernels.gpu' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)
    assert done.stdout.strip() == "False"
