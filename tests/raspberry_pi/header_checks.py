"""The board and its header: what a bench with a voltmeter would be asked."""

import time

from board import INPUT, OUTPUT
from checks import needed, see
from wires import (
    COAGULANT_CONFIRM,
    COAGULANT_ENABLE,
    COAGULANT_STROKE,
    EMERGENCY_STOP,
    HEARTBEAT,
    HORN,
    INPUTS,
    INTAKE_PERMIT,
    MOVING,
    OUTPUTS,
    SELECTOR,
    SUPPLY,
    SUPPLY_ON,
)

# A scan toggles the heartbeat: 100 ms (docs/spec/plant.md 1.5). A busy emulator may be slower, never faster.
SCANS_PER_S = 10
# Time for what a person's act must have done (docs/spec/interfaces.md REL-03: the relay's own limit).
SAFE_WITHIN_S = 1.0
BOOT_MAX_S, START_MAX_S = 300, 240
# Enough to know a stroke from a spike.
STROKES_SEEN = 3


@needed
def boots(plant):
    """The Pi boots Debian's kernel to its first process."""
    plant.power_on()
    when, match, _ = plant.board.wait(r"INIT up (\S+) (\S+) (.*)", 180)
    see("/dev/gpiochip0" in match[3] and "/dev/ttyAMA0" in match[3], f"there are only {match[3]}")
    plant.board.wait(r"INIT card: ")
    taken = plant.board.memory_mib()
    return f"{when:.1f} s, {match[1]} s by its own clock; kernel {match[2]}; QEMU takes {taken} MiB"


@needed
def is_recognised(plant):
    """rppal recognises the board and gives the controller its lines."""
    said, what = plant.board.wait(r"driven by rppal.*board=\"?(.*?)\"?$|INIT app ends", 120)[1:]
    see(said[1] is not None, f"the controller ended:\n{plant.board.tail()}")
    see(said[1] == "Raspberry Pi 3 B", said[1])
    return said[1]


@needed
def answers(plant):
    """The controller says that it is ready, and gives its set-up code on the console."""
    seconds = plant.await_ready()
    see(plant.ready["setup_code"] is not None, "no set-up code")
    return f"{seconds:.1f} s after its start, with three new keys"


def pins_are_as_drawn(plant):
    """Every pin is what the pin-out says: input or output."""
    wrong = [line for line in INPUTS if plant.board.function(line) != INPUT]
    wrong += [line for line in OUTPUTS if plant.board.function(line) != OUTPUT]
    see(not wrong, f"otherwise: {wrong}")
    return f"{len(INPUTS)} inputs, {len(OUTPUTS)} outputs"


def outputs_stay_low_until_scanned(plant):
    """Every output is low from power-up to the first scan."""
    first = plant.first_scan()
    low = [line for line in OUTPUTS if plant.wires.edges(line)[0][1] == 0]
    see(low == OUTPUTS, f"at power-up only {low} were low")
    early = [
        line
        for line in OUTPUTS
        for when, level in plant.wires.edges(line)
        if level and when < first
    ]
    see(not early, f"high before the first scan: {early}")
    wires, seconds = plant.wires, first - plant.board.began
    return f"{wires.looks} looks; {seconds:.1f} s to the first scan, {wires.coarsest * 1000:.0f} ms between two at worst"


def beats(plant):
    """The heartbeat toggles with the scans."""
    since = time.monotonic()
    times = plant.beats(100, since)
    rate = (len(times) - 1) / (times[-1] - times[0])
    see(SCANS_PER_S / 2 <= rate <= SCANS_PER_S * 1.1, f"{rate:.1f} edges a second")
    longest = max(after - before for before, after in zip(times, times[1:]))
    return f"{rate / 2:.2f} Hz, longest silence {longest * 1000:.0f} ms"


@needed
def asks_for_k0_alone(plant):
    """In its boot the plant asks for K0 and nothing else, and sees it close."""
    seconds = plant.wires.shows("K0 is asked for", lambda: plant.wires.high([SUPPLY]), 60)
    plant.wires.shows("K0 has closed", lambda: plant.wires.high([SUPPLY_ON]), 10)
    plant.look().shows("the contact is seen", lambda it: it.value("system.supply_on") == 1)
    see(plant.wires.high(MOVING) == [SUPPLY], f"high are {plant.wires.high(MOVING)}")
    return f"after {seconds:.1f} s more"


def a_contact_becomes_a_value(plant):
    """A contact that opens and closes is seen over HTTPS."""
    screen, took = plant.screen, []
    for side, level in [("local", 0), ("remote", 1)]:
        plant.rig.tell(f"turn HS-900 {side}")
        plant.wires.shows(side, lambda: bool(plant.wires.high([SELECTOR])) == bool(level), 10)
        took.append(screen.shows(side, lambda it: it.value("system.remote") == level))
    return f"{took[0]:.1f} s and {took[1]:.1f} s after the pin; the stream sends once a second"


@needed
def waits_for_its_owner(plant):
    """A plant with real outputs leaves its boot only once it has an owner."""
    see(plant.screen.state("system.state") == "Boot", plant.screen.state("system.state"))
    plant.person.set_up(plant.ready["setup_code"])
    seconds = plant.screen.shows(
        "boot is done", lambda it: it.state("system.state") == "Stopped", BOOT_MAX_S
    )
    see(plant.wires.high(MOVING) == [SUPPLY], f"high are {plant.wires.high(MOVING)}")
    return f"{seconds:.0f} s after the set-up"


def told(freed):
    """How often the plant had to be freed, where it had to be."""
    return f" (freed {freed} times: this machine stood still)" if freed else ""


@needed
def starts_on_command(plant):
    """Start raises the intake's permit, and its drive runs over the serial line."""

    def runs(screen):
        turns = any((screen.value(f"intake.pump_{one}.frequency") or 0) > 5 for one in "ab")
        return turns and bool(plant.wires.high([INTAKE_PERMIT]))

    seconds, freed = plant.start(runs, START_MAX_S)
    return f"more than 5 Hz after {seconds:.1f} s{told(freed)}"


def doses(plant):
    """Strokes leave the dosing pump's line, and come back confirmed and counted."""
    begin = time.monotonic()

    def confirmed(screen):
        closings = [level for _, level in plant.wires.edges(COAGULANT_CONFIRM, begin) if level]
        counted = screen.value("coagulation.doser.strokes") or 0
        return len(closings) >= STROKES_SEEN and counted >= STROKES_SEEN

    seconds, freed = plant.start(confirmed, START_MAX_S)
    edges = plant.wires.edges(COAGULANT_STROKE, begin)
    pulses = [
        after - before for (before, level), (after, _) in zip(edges, edges[1:]) if level
    ]
    see(all(pulse < 0.5 for pulse in pulses), f"pulses of {pulses} s")
    middle = sorted(pulses)[len(pulses) // 2]
    counted = plant.screen.value("coagulation.doser.strokes")
    return f"after {seconds:.1f} s{told(freed)}: {len(pulses)} pulses of {middle * 1000:.0f} ms, {counted:.0f} counted"


def stops_at_once(plant):
    """The emergency stop drops every output that moves something."""
    wanted = [INTAKE_PERMIT, SUPPLY, COAGULANT_ENABLE]
    plant.start(lambda _: plant.wires.high(wanted) == wanted, START_MAX_S)
    before = plant.wires.high(MOVING)
    since = time.monotonic()
    plant.rig.tell("press ES-900")
    plant.wires.shows("the loop opens", lambda: not plant.wires.high([EMERGENCY_STOP]), 10)
    plant.wires.shows("all is off", lambda: not plant.wires.high(MOVING), 10)
    opened = plant.wires.edges(EMERGENCY_STOP, since)[0][0]
    last = max(when for line in before for when, level in plant.wires.edges(line, since) if not level)
    took = last - opened
    see(took <= SAFE_WITHIN_S, f"{took:.2f} s")
    plant.screen.shows("alarm 904", lambda it: it.is_active(904))
    plant.wires.shows("the horn", lambda: plant.wires.high([HORN]), 10)
    return f"{len(before)} outputs within {took * 1000:.0f} ms of the pin; alarm 904 and horn"


def is_freed_at_the_panel(plant):
    """Released, nothing starts; the local reset frees the plant, and nothing starts then either."""
    released = time.monotonic()
    plant.rig.tell("release ES-900")
    plant.wires.shows("the loop closes", lambda: plant.wires.high([EMERGENCY_STOP]), 10)
    plant.beats(20, time.monotonic())
    see(not plant.wires.high(MOVING), f"high are {plant.wires.high(MOVING)}")
    plant.rig.tell("press HS-901")
    plant.screen.shows("free", lambda it: it.state("system.state") == "Stopped")
    plant.wires.shows("K0 again", lambda: plant.wires.high([SUPPLY]), 30)
    risen = plant.wires.risen(MOVING, released)
    see(risen == [SUPPLY], f"went high: {risen}")
    return "K0 alone is asked for"


FIRST_BOOT = [boots, is_recognised, answers, pins_are_as_drawn, outputs_stay_low_until_scanned, beats]
IN_BOOT = [asks_for_k0_alone, a_contact_becomes_a_value]
AT_WORK = [starts_on_command, doses, stops_at_once, is_freed_at_the_panel]
