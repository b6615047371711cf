"""Hypothesis: the same examples everywhere, and no clock."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "formula", derandomize=True, deadline=None, max_examples=200, suppress_health_check=list(HealthCheck)
)
settings.load_profile("formula")
