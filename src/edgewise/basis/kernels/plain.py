"""Whether tensors are plain numbers, which alone a compiled kernel can read."""

import torch
from torch import Tensor


def not_traced(*tensors: Tensor) -> bool:
    """Whether these are plain numbers: no compiler, no torch.func, no forward derivative looks on."""
    if torch.compiler.is_compiling():  # first, and alone: a compiler follows no further question
        return False
    return not (
        torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
        or torch._C._functorch.peek_interpreter_stack() is not None
        or torch.autograd.forward_ad._current_level >= 0
        or any(type(one) not in (Tensor, torch.nn.Parameter) for one in tensors)
        or any(torch._C._functorch.is_legacy_batchedtensor(one) for one in tensors)  # grad(is_grads_batched=True)
    )
