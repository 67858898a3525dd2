"""What a check is: a function that says what it saw, or raises; its docstring is the sentence that is printed."""

import time


class Tally:
    """Makes checks, prints a line for each, counts."""

    def __init__(self):
        self.passed, self.failed = 0, 0
        self.began = time.monotonic()

    def make(self, checks, plant):
        """Makes them in order. What comes after a check that the others stand on is then not made, and has failed too."""
        stopped = None
        for check in checks:
            name = check.__doc__.splitlines()[0].rstrip(".")
            if stopped is not None:
                self._count(False, name, f"not made, because not: {stopped}")
                continue
            try:
                said = check(plant)
            except Exception as failure:  # Whatever it was: what was to be seen was not.
                self._count(False, name, f"{type(failure).__name__}: {failure}")
                if getattr(check, "is_needed", False):
                    stopped = name
            else:
                self._count(True, name, said)

    def _count(self, is_ok, name, said):
        self.passed += is_ok
        self.failed += not is_ok
        at = time.monotonic() - self.began
        print(f"{'ok  ' if is_ok else 'FAIL'} {name} [{at:.0f} s] {said or ''}", flush=True)


def needed(check):
    """Marks a check without which the next ones make no sense."""
    check.is_needed = True
    return check


def see(is_so, what):
    """Fails with what was found where it is not so."""
    if not is_so:
        raise AssertionError(what)
