"""A village's plant: the emulated Pi, the wires, the plant behind them, and who looks at it."""

import json
import time

from board import Board, Gone, free_port, new_card
from control_room import ControlRoom
from people import Person
from rig import Rig
from wires import HEARTBEAT, Wires

STATE = "/var/plant"
# What the Pi sees this machine as.
HOST = "10.0.2.2"
# First boot makes three keys; each is slow on an emulated processor. Seconds.
READY_MAX_S = 240
# Trips by a machine that stands still, at a start.
FREED_MAX = 2


class Plant:
    """One plant and its card; its power may be cut and come back."""

    def __init__(self, work, site, folder, kernel_line, loud):
        """`work`: what it boots from; `site`: the rig's; `folder`: for this run's own files."""
        self.work, self.folder, self.kernel_line, self.loud = work, folder, kernel_line, loud
        self.card = folder / "card.img"
        new_card(self.card)
        self.rig = Rig(site)
        self.http, self.opcua = free_port(), free_port()
        self.person = Person(self.http)
        self.control_room = ControlRoom(self.opcua, folder)
        self.board = self.wires = self.screen = self.ready = None
        # When it was killed, and when its power went.
        self.killed = self.cut_at = 0.0
        # What must not be forgotten then.
        self.events, self.run_times, self.setting, self.certificate = [], [], None, None
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

    def start(self, is_so, within):
        """Orders a start and waits until it is so: seconds, and how often the plant had to be freed before.

        An emulator that a busy machine lets stand for a second trips its plant, as the relay must: then somebody presses HS-901
        and starts again, as at a plant. More than twice is the plant's own fault.
        """
        begin, freed = time.monotonic(), 0
        while True:
            state = self.screen.state("system.state")
            if state == "EmergencyStop":
                freed += 1
                if freed > FREED_MAX:
                    raise AssertionError(f"tripped {freed} times: {self.screen.told()}")
                self.rig.tell("press HS-901")
                self.screen.shows("free", lambda it: it.state("system.state") != "EmergencyStop")
            answer = self.person.command("Start")
            if answer != {"accepted": True}:
                raise AssertionError(f"{answer}: {self.screen.told()}")
            left = begin + within - time.monotonic()
            self.screen.shows(
                "it works", lambda it: is_so(it) or it.state("system.state") == "EmergencyStop", left
            )
            if is_so(self.screen):
                return time.monotonic() - begin, freed

    def power_cut(self):
        """Nobody sees it coming."""
        self.board.cut()
        self.wires.cut()

    def close(self):
        if self.board is not None:
            self.board.cut()
        self.rig.stop()
