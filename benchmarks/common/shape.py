"""A network's shape in words, nodes that multiply told apart."""

from edgewise.nn import KAN


def shape_of(network: KAN) -> str:
    """``[2, 1, 1]``; a level with nodes that multiply as (adding, multiplying)."""
    levels = [str(network[0].n_in)]
    for layer in network:
        adding = sum(arity == 1 for arity in layer.arity)
        multiplying = len(layer.arity) - adding
        levels.append(f"({adding}, {multiplying})" if multiplying else str(adding))
    return f"[{', '.join(levels)}]"
