"""What a plant is after its controller was killed, stopped, or lost its power."""

import time

from checks import needed, see
from header_checks import BOOT_MAX_S
from plant import STATE
from wires import HEARTBEAT, HORN, MOVING, OUTPUTS, SUPPLY, SUPPLY_ON

# A setting that the owner may change, inside its range; and what it is changed to.
SETTING = "disinfection.residual_target"
BEFORE_KILL, BEFORE_CUT = 1.1, 1.2
# Longer than the relay KWD-900 waits for an edge (1 s), shorter than the pause before a new start (4 s).
SILENCE_S = 2.0
# What is kept is at most 5 s old after a restart (ARCHITECTURE.md, "Failure"); 5 s more lie between a look and the end.
RUN_TIMES = ["intake.pump_a.run_time", "intake.pump_b.run_time"]
RETAINED_AGE_S = 10.0


def remember(plant, value):
    """Changes a setting, and notes what must still be there afterwards; the last thing before the end is the change."""
    plant.events = plant.person.events()
    plant.certificate = plant.person.certificate()
    plant.run_times = [plant.screen.value(path) for path in RUN_TIMES]
    answer = plant.person.set(SETTING, value)
    see(answer == {"accepted": True}, answer)
    plant.setting = value


def stays_off(plant, since):
    """That no output went high since a time before a scan, and none that moves something but K0 during the boot."""
    plant.screen.shows("it boots", lambda it: it.state("system.state") == "Boot")
    first = plant.first_scan(since)
    early = [
        line for line in OUTPUTS for when, level in plant.wires.edges(line, since) if level and when < first
    ]
    see(not early, f"high before the first scan: {early}")
    # Whatever it goes on with begins with valves: longer than the screen is behind.
    seconds = plant.screen.shows(
        "boot is done", lambda it: it.state("system.state") != "Boot", BOOT_MAX_S
    )
    risen = [line for line in plant.wires.risen(MOVING, since) if line != SUPPLY]
    see(not risen, f"went high before the boot was done: {risen}")
    return f"{seconds:.0f} s, then {plant.screen.state('system.state')}"


@needed
def dies(plant):
    """Killed with -9, the controller beats no more: the relay opens K0, whatever the lines are left at."""
    remember(plant, BEFORE_KILL)
    before = plant.wires.high(MOVING)
    # A pump that the emergency stop has just stopped may not start again for minutes: K0 is what is on.
    see(SUPPLY in before, f"high are {before}: {plant.screen.told()}")
    plant.killed = time.monotonic()
    status = plant.signal("KILL")
    see(status == "137", f"ended with {status}")
    last = plant.wires.edges(HEARTBEAT)[-1][0]
    opened = plant.wires.shows("K0 opens", lambda: not plant.wires.high([SUPPLY_ON]), 10)
    time.sleep(max(0.0, last + SILENCE_S - time.monotonic()))
    see(plant.wires.edges(HEARTBEAT)[-1][0] == last, "the heartbeat went on")
    left = plant.wires.high(MOVING + [HEARTBEAT, HORN])
    return f"no edge for {SILENCE_S:.0f} s, K0 open {opened:.1f} s after; left high: {left}"


@needed
def comes_back(plant):
    """Started again, it answers, and knows that it has its owner."""
    seconds = plant.await_ready()
    see(plant.ready["setup_code"] is None, "it asks for a set-up again")
    plant.person.log_in()
    plant.look()
    return f"{seconds:.1f} s after its start; the owner's password is good"


def has_forgotten_nothing(plant):
    """People, settings, journal, certificate and what the core keeps are as they were."""
    screen = plant.screen
    screen.shows("a value", lambda it: it.value(SETTING) is not None)
    see(screen.value(SETTING) == plant.setting, f"{SETTING} is {screen.value(SETTING)}")
    events = plant.person.events()
    lost = [event for event in plant.events if event not in events]
    see(not lost, f"lost: {lost}")
    change = next(event for event in events if event["kind"] == "setting")
    see((change["path"], float(change["to"])) == (SETTING, plant.setting), change)
    see(plant.person.certificate() == plant.certificate, "the page has another certificate")
    see(screen.value("system.memory_lost") == 0, "the core's memory is lost")
    for path, before in zip(RUN_TIMES, plant.run_times):
        see(abs(screen.value(path) - before) <= RETAINED_AGE_S, f"{path}: {before} s, now {screen.value(path)} s")
    see(max(plant.run_times) > 0, f"no pump had run: {plant.run_times}")
    copies = plant.board.tell(f"ls {STATE}")
    see("kept.bin" in copies and "journal.db" in copies, copies)
    see("set-aside" not in copies and "corrupt" not in copies, copies)
    return f"{len(plant.events)} events, {SETTING} {plant.setting}, run times {plant.run_times} s"


def was_off_after_the_kill(plant):
    """After the kill every output is taken low before the first scan, and only K0 goes high in the boot."""
    # What the dead one left high counts from the new one's beginning.
    return stays_off(plant, plant.killed + SILENCE_S)


@needed
def ends_in_order(plant):
    """Told to end, the controller takes every output low, and ends well."""
    before, since = plant.wires.high(MOVING), time.monotonic()
    see(before, "nothing was on")
    status = plant.signal("TERM")
    took = time.monotonic() - since
    see(status == "0", f"ended with {status}")
    plant.wires.shows("all is low", lambda: not plant.wires.high(OUTPUTS), 2)
    plant.await_ready()
    plant.person.log_in()
    plant.look()
    plant.wires.shows("K0 again", lambda: plant.wires.high([SUPPLY]), 60)
    return f"{len(before)} outputs were high; ended within {took:.1f} s"


def replays(plant):
    """What was recorded on the Pi before the kill is scanned again there, bit for bit."""
    files = plant.board.tell(f"cd {STATE}/recording && ls *.rec").split()
    see(files, "nothing was recorded")
    said = plant.board.tell(f"/app replay {STATE}/recording/{files[0]}; echo status $?", 120)
    verdict = [line for line in said.splitlines() if "the same bit for bit" in line]
    see("status 0" in said and verdict, said)
    return verdict[0].partition(", to where")[0]


@needed
def loses_its_power(plant):
    """The power is cut right after a change was answered; the Pi boots again from its card."""
    remember(plant, BEFORE_CUT)
    plant.power_cut()
    plant.cut_at = time.monotonic()
    plant.power_on()
    when, match, _ = plant.board.wait(r"INIT up (\S+)", 180)
    plant.board.wait(r"INIT card: .*plant")
    return f"{when:.1f} s, {match[1]} s by its own clock"


def was_off_after_the_cut(plant):
    """After the cut every output is low from power-up to the first scan, and only K0 goes high in the boot."""
    return stays_off(plant, plant.cut_at)


AFTER_KILL = [dies, comes_back, has_forgotten_nothing, was_off_after_the_kill, replays, ends_in_order]
AFTER_CUT = [loses_its_power, comes_back, has_forgotten_nothing, was_off_after_the_cut]
