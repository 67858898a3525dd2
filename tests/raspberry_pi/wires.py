"""The wires between the Pi's header and the plant: docs/spec/plant.md 1.5.

What the Pi's outputs are goes to the rig's Modbus node, what the plant's contacts are comes back to the Pi's inputs, some dozens
of times a second; and every change is written down with its time.
"""

import threading
import time

from rig import Node

EMERGENCY_STOP, SELECTOR, MAINS, SUPPLY_ON, LOCAL_RESET = 4, 5, 6, 7, 21
HEARTBEAT, SUPPLY, INTAKE_PERMIT, HORN = 17, 27, 16, 20
OUTPUTS = [12, 13, 16, 17, 20, 22, 23, 24, 25, 26, 27]
COAGULANT_ENABLE, COAGULANT_STROKE, COAGULANT_CONFIRM = 22, 12, 18
CONTACTS = [4, 5, 6, 7, 8, 9, 10, 11, 21]
# Each dosing pump: its strokes, and what confirms them.
STROKES = [(12, 18), (13, 19)]
INPUTS = [*CONTACTS, 18, 19]
# The heartbeat and the horn move no motor.
MOVING = [line for line in OUTPUTS if line not in (HEARTBEAT, HORN)]
# Coils that lie side by side are written together.
COILS = [[16, 17], [20], [22, 23, 24, 25, 26, 27]]
# Between two looks, seconds.
LOOK_S = 0.01
# A confirmation is closed, and then open, for so long: a reed contact at a pump's rod, seconds.
CONFIRMED_S = 0.08
# Strokes that come so much later than the ones before have ended.
LATE = 1.5
# The node's rate registers hold hundredths of a stroke a minute.
RATE_SCALE = 6000


def bits(lines):
    return sum(1 << line for line in lines)


class Pump:
    """What stands between a dosing pump's line and the node, which knows rates and counts: makes one of the other."""

    def __init__(self, node, stroke, confirm, count):
        self.node, self.stroke, self.confirm, self.count = node, stroke, confirm, count
        self.is_high, self.struck, self.interval = False, None, None
        self.owed, self.since, self.level = 0, 0.0, 0

    def look(self, now, is_high, count):
        """Takes in the stroke line and what the node has counted; gives the level of the confirmation."""
        if is_high and not self.is_high:
            self.interval = None if self.struck is None else now - self.struck
            self.struck = now
            if self.interval is not None:
                self.node.put(self.stroke, round(RATE_SCALE / self.interval))
        elif self.interval is not None and now - self.struck > LATE * self.interval:
            self.interval = self.struck = None
            self.node.put(self.stroke, 0)
        self.is_high = is_high
        self.owed += (count - self.count) & 0xFFFF
        self.count = count
        if now - self.since >= CONFIRMED_S and (self.level or self.owed):
            self.level, self.since = 1 - self.level, now
            self.owed -= self.level
        return self.level


class Wires:
    """All wires of a board, until cut."""

    def __init__(self, board, rig):
        self.board, self.node = board, Node(rig.buses["header"])
        self.changed = threading.Condition()
        # Outputs and contacts as last seen: bit n is line n.
        self.levels = 0
        # Every change of one of them: (time, line, level).
        self.changes = []
        # Looks so far, and the longest time between two, seconds: so exact are the times.
        self.looks, self.coarsest = 0, 0.0
        self.cut_now = threading.Event()
        self.failed = None
        counts = self._counts()
        self.pumps = [Pump(self.node, *lines, counts[lines[1]]) for lines in STROKES]
        self._look(bits(INPUTS + OUTPUTS))
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        last = time.monotonic()
        try:
            while not self.cut_now.wait(LOOK_S):
                self._look()
                now = time.monotonic()
                self.looks += 1
                self.coarsest, last = max(self.coarsest, now - last), now
        except Exception as error:  # Whatever it was, whoever waits is told.
            with self.changed:
                self.failed = error
                self.changed.notify_all()

    def _counts(self):
        first, last = STROKES[0][1], STROKES[-1][1]
        return self.node.counts(first, last - first + 1)

    def _look(self, moved=0):
        """Carries over what has moved."""
        span = CONTACTS[-1] - CONTACTS[0] + 1
        contacts = self.node.contacts(CONTACTS[0], span) << CONTACTS[0] & bits(CONTACTS)
        levels = contacts | self.board.levels() & bits(OUTPUTS)
        seen, counts = time.monotonic(), self._counts()
        for pump in self.pumps:
            is_high = bool(levels >> pump.stroke & 1)
            levels |= pump.look(seen, is_high, counts[pump.confirm]) << pump.confirm
        moved |= levels ^ self.levels
        if not moved:
            return
        for line in INPUTS:
            if moved >> line & 1:
                self.board.drive(line, levels >> line & 1)
        for coils in COILS:
            if moved & bits(coils):
                self.node.set(coils[0], [levels >> line & 1 for line in coils])
        with self.changed:
            for line in INPUTS + OUTPUTS:
                if moved >> line & 1:
                    self.changes.append((seen, line, levels >> line & 1))
            self.levels = levels
            self.changed.notify_all()

    def high(self, lines):
        """Those of some lines that are high."""
        return [line for line in lines if self.levels >> line & 1]

    def risen(self, lines, since=0.0):
        """Those of some lines that have been high since a time, by their changes."""
        with self.changed:
            moved = {line for when, line, level in self.changes if when >= since and level}
        return [line for line in lines if line in moved]

    def edges(self, line, since=0.0):
        """Times and levels of a line's changes."""
        with self.changed:
            return [(when, level) for when, one, level in self.changes if one == line and when >= since]

    def shows(self, what, is_so, within):
        """Waits until it is so; how long that took, seconds."""
        begin = time.monotonic()
        with self.changed:
            while not is_so():
                left = begin + within - time.monotonic()
                if self.failed is not None:
                    raise self.failed
                if left <= 0:
                    high = self.high(OUTPUTS + INPUTS)
                    raise TimeoutError(f"not within {within} s: {what}; high are {high}")
                self.changed.wait(min(left, 0.5))
        return time.monotonic() - begin

    def cut(self):
        """Ends them: a Pi that is gone drives nothing. What they carried is still told."""
        self.cut_now.set()
        self.thread.join()
        for coils in COILS:
            self.node.set(coils[0], [0] * len(coils))
        for stroke, _ in STROKES:
            self.node.put(stroke, 0)
        self.node.socket.close()
