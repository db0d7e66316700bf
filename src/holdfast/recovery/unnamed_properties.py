"""Properties that no entry of any commit names: what a thinned history leaves of them.

A writer gives all that it names in the SQL transaction of its publish. So whatever nobody names is nobody's.
"""

from holdfast.backend import Backend
from holdfast.catalog.properties import stored
from holdfast.faults import point

#: properties forgotten in one SQL transaction
PER_TURN = 500


def collect_properties(backend: Backend, *, dry_run: bool) -> int:
    """Forget properties that nobody names, and return how many; with `dry_run`, only count them."""
    found, last = 0, ""
    while True:
        with backend.engine.read() as conn:
            unnamed = stored.unnamed_after(conn, last, PER_TURN)
        if not unnamed:
            return found
        last = unnamed[-1]
        if dry_run:
            found += len(unnamed)
            continue
        with backend.engine.write() as conn:
            found += stored.forget_unnamed(conn, unnamed)
            point("gc.before_properties")
