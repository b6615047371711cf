"""The time that is left."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Clock:
    """A budget of wall seconds that began when the clock was made; ``cut`` names the stages that it ended early."""

    budget: float
    started: float = field(default_factory=time.monotonic)
    cut: list[str] = field(default_factory=list)

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    @property
    def left(self) -> float:
        """Seconds until the budget ends, 0 when it has."""
        return max(0.0, self.budget - self.elapsed)

    def deadline(self, share: float = 1.0) -> float:
        """The value of time.monotonic() when that share of what is left will have passed."""
        return time.monotonic() + share * self.left

    def until(self, share: float = 1.0) -> "Until":
        """The moment when that share of what is left will have passed."""
        return Until(self.deadline(share))

    def over(self, stage: str) -> bool:
        """Whether the budget has ended; the stage that asks is then marked as cut."""
        if self.left > 0:
            return False
        if stage not in self.cut:
            self.cut.append(stage)
        return True


@dataclass(frozen=True)
class Until:
    """Whether a ``moment`` of time.monotonic() has passed. To another process it goes as the seconds that are left, since
    that may run on another machine, with another clock."""

    moment: float

    def __call__(self) -> bool:
        return time.monotonic() > self.moment

    def __reduce__(self) -> tuple[Callable[[float], "Until"], tuple[float]]:
        return _from_now, (self.moment - time.monotonic(),)


def _from_now(seconds: float) -> Until:
    return Until(time.monotonic() + seconds)
