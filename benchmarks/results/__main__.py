"""Write docs/results.md and its pictures from the committed results of the benchmarks: ``make results``.

Nothing is computed anew, and every number is read from a ``results.md``; a test keeps the page current.
"""

from .page import PAGE, page, pictures


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")
    for path, text in pictures().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
