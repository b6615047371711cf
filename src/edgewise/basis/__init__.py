"""basis."""
