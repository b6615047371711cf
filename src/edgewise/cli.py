"""The command line."""


def main() -> None:
    """The command line's entry."""
