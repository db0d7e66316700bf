"""Blocks whose end no interrupt can skip: what `contextlib.contextmanager` is, where something is taken and given back.

A signal's handler, and whatever it raises, comes at any call and at the beginning of any function: also at the
beginning of an `__exit__` that is written in Python, before its first line. What it was to give back is then kept for
as long as somebody looks at the traceback, which is for ever in an interactive session. So here the `with` statement
holds the only reference to a generator. Its end runs the generator on, which has its `finally` around the interrupt; if
even that is not reached, the statement drops the reference, and Python closes the generator, within the same
instruction.

For that to be true a step of such a generator keeps three rules:

- what is taken is taken inside the `try` whose `finally` gives it back, whether it came to be taken or not;
- the first call of a `finally` is the one that gives back, and is no Python function: between the end of a `try` and
  that call nothing can come, inside it and behind it something can;
- two things are given back by two `finally`s, one inside the other. `with` does that, for a lock of `threading` and
  for another held block.
"""

import functools
import weakref
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")

_Exit = Callable[[type[BaseException] | None, BaseException | None, TracebackType | None], bool]


def held(steps: Callable[P, Iterator[T]]) -> Callable[P, AbstractContextManager[T]]:
    """Make a generator function with one `yield` into one that returns a block to be entered with `with`, once."""

    @functools.wraps(steps)
    def block(*args: P.args, **kwargs: P.kwargs) -> AbstractContextManager[T]:
        return cast("AbstractContextManager[T]", _Held(cast("Generator[T, None, None]", steps(*args, **kwargs))))

    return block


class _Held:
    """One block. `__exit__` is looked up before `__enter__` is called, and is all that the statement keeps."""

    def __init__(self, steps: Generator[Any, None, None]) -> None:
        self._steps = steps
        # It must not be given the generator itself: the frame of a call that was interrupted stays in the traceback.
        self._exit: Callable[..., bool] = functools.partial(_leave, weakref.ref(steps))
        vars(self._exit)["steps"] = steps

    def __enter__(self) -> Any:
        try:
            return next(self._steps)
        except BaseException:
            self._steps.close()
            raise


class _ExitOfBlock:
    """What stands for `__exit__` in the class: for the statement the block's own one; for an `ExitStack` a function."""

    def __get__(self, block: _Held | None, owner: type) -> Callable[..., bool]:
        return _leave_block if block is None else block._exit


_Held.__exit__ = _ExitOfBlock()  # type: ignore[attr-defined]


def _leave(
    steps: "weakref.ref[Generator[Any, None, None]]",
    kind: type[BaseException] | None,
    error: BaseException | None,
    trace: TracebackType | None,
) -> bool:
    # No variable may ever hold the generator, nor an argument of another function.
    if error is None:
        next(steps(), None)  # type: ignore[arg-type]
        return False
    try:
        steps().throw(error)  # type: ignore[union-attr]
    except BaseException as raised:
        if raised is not error:
            raise
        error.__traceback__ = trace
    return False


def _leave_block(
    block: _Held, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
) -> bool:
    return block._exit(kind, error, trace)
