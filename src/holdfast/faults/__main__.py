"""`python -m holdfast.faults` prints every fault point and what is true at it."""

from holdfast.faults import POINTS


def main() -> None:
    """Print the list."""
    width = max(map(len, POINTS))
    for name, meaning in POINTS.items():
        print(f"{name:<{width}}  {meaning}")


if __name__ == "__main__":
    main()
