"""Choices among ranked options, the likeliest first."""

import heapq
from collections.abc import Iterator, Sequence


def combinations(sizes: Sequence[int], most: int) -> Iterator[tuple[int, ...]]:
    """Choices of one of ``sizes[i]`` for each i, by growing sum, at most ``most`` of them; none where a size is 0.

    >>> list(combinations([2, 2], 3))
    [(0, 0), (0, 1), (1, 0)]
    """
    if not all(sizes):
        return
    queue = [(0, (0,) * len(sizes))]
    seen = {queue[0][1]}
    while queue and most > 0:
        total, choice = heapq.heappop(queue)
        most -= 1
        yield choice
        for place, size in enumerate(sizes):
            further = (*choice[:place], choice[place] + 1, *choice[place + 1 :])
            if further[place] < size and further not in seen:
                seen.add(further)
                heapq.heappush(queue, (total + 1, further))
