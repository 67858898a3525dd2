"""A village's plant: the emulated Pi, the wires, the plant behind them, and who looks at it."""

import json

from board import Board, Gone, free_port
from people import Person
from rig import Rig
from wires import HEARTBEAT, Wires

STATE = "/var/plant"
# What the Pi sees this machine as.
HOST = "10.0.2.2"
# First boot makes three keys; each is slow on an emulated processor. Seconds.
READY_MAX_S = 240


class Plant:
    """One plant and its card; its power may be cut and come back."""

    def __init__(self, work, site, card, kernel_line, loud):
        self.work, self.card, self.kernel_line, self.loud = work, card, kernel_line, loud
        self.rig = Rig(site)
        self.http, self.opcua = free_port(), free_port()
        self.person = Person(self.http)
        self.board = self.wires = self.screen = self.ready = None
        # The console's line at which the newest start of the controller began.
        self.start_line = 0

    def power_on(self):
        app = (
            f"run /etc/site.toml --state {STATE} --http 0.0.0.0:{self.http} --opcua 0.0.0.0:{self.opcua}"
            f" --recording 16 {self.rig.settings(HOST)}"
        )
        ports = [self.http, self.opcua]
        self.board = Board(
            self.work, self.card, self.rig.terminal, app, ports, self.kernel_line, self.loud
        )
        self.wires = Wires(self.board, self.rig)
        self.start_line = 0

    def await_ready(self):
        """Waits for the newest start to answer; seconds from its beginning."""
        began, _, line = self.board.wait("INIT app begins", since=self.start_line)
        self.start_line = line
        when, match, _ = self.board.wait(r"ready (\{.*\})$|INIT app ends", READY_MAX_S, line)
        if match[1] is None:
            raise Gone(f"the controller ended:\n{self.board.tail()}")
        self.ready = json.loads(match[1])
        return when - began

    def look(self):
        """A new screen on the live stream."""
        if self.screen is not None:
            self.screen.close()
        self.screen = self.person.screen()
        return self.screen

    def signal(self, name):
        """Sends the controller a signal; what the console said of its end. The next start is the newest."""
        mark = self.board.mark()
        self.board.tell(f"kill -{name} $(cat /run/app.pid)")
        self.start_line = mark
        return self.board.wait(r"INIT app ends (\d+)", since=mark)[1][1]

    def beats(self, count, since=0.0, within=60):
        """Waits for edges of the heartbeat since a time; their times."""
        self.wires.shows(
            f"{count} edges of the heartbeat",
            lambda: len(self.wires.edges(HEARTBEAT, since)) >= count,
            within,
        )
        return [when for when, _ in self.wires.edges(HEARTBEAT, since)]

    def first_scan(self, since=0.0, within=60):
        """When the heartbeat rose first since a time: a scan was completed."""

        def rises():
            return [when for when, level in self.wires.edges(HEARTBEAT, since) if level]

        self.wires.shows("the heartbeat rises", rises, within)
        return rises()[0]

    def power_cut(self):
        """Nobody sees it coming."""
        self.board.cut()
        self.wires.cut()

    def close(self):
        if self.board is not None:
            self.board.cut()
        self.rig.stop()
