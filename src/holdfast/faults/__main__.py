"""`python -m holdfast.faults` prints every fault point and what is true at it."""

from holdfast.faults import POINTS

if __name__ == "__main__":
    width = max(map(len, POINTS))
    for name, meaning in POINTS.items():
        print(f"{name:<{width}}  {meaning}")
