"""The links: RS-485 and Modbus TCP to the field, OPC UA to far away."""


import time

from asyncua.ua.uaerrors import UaError

from checks import needed, see
from plant import STATE

# Of the energy meter, on the serial line; of a flow meter, on Modbus TCP.
SERIAL, NETWORK = "power.voltage", "intake.flow"
# A line that is silent is seen within the poll, three time-outs and the stale time (docs/spec/plant.md 2.12), and more here.
SEEN_MAX_S = 60


@needed
def reads_the_field(plant):
    """Values come in over RTU on the emulated UART, and over Modbus TCP."""
    for path in (SERIAL, NETWORK):
        plant.screen.shows(path, lambda it, path=path: it.quality(path) == "good", SEEN_MAX_S)
    volts = plant.screen.value(SERIAL)
    see(150 < volts < 300, f"{volts} V")
    drives = plant.screen.shows("drives", lambda it: it.value("system.drives_verified") == 1, SEEN_MAX_S)
    return f"{volts} V; seven drives' time-outs written and read back {drives:.1f} s later"


@needed
def lets_a_trusted_client_in(plant):
    """An OPC UA client is refused until its certificate is trusted on the Pi's own command line."""
    mark = plant.board.mark()
    try:
        plant.control_room.connect()
        refusal = None
    except UaError as error:
        refusal = type(error).__name__
    see(refusal is not None, "it came in")
    file = plant.board.wait(r"sweetspring trust.*file=(/.*\.der)", since=mark)[1][1]
    said = plant.board.tell(f"/app trust '{file}' --state {STATE}")
    see("fingerprint" in said, said)
    plant.control_room.connect()
    return f"{refusal}, then in"


def is_seen_from_afar(plant):
    """OPC UA shows the values of both links as Good."""
    # What the page shows as good may be an answer late on a busy machine: asked again until it is so.
    end = time.monotonic() + SEEN_MAX_S
    while True:
        read = plant.control_room.read(SERIAL, NETWORK, "system.emergency_stop")
        if all(status == "Good" for _, status in read):
            break
        see(time.monotonic() < end, read)
    see(150 < read[0][0] < 300 and read[2][0] is True, read)
    return f"{read[0][0]:.1f} V, {read[1][0]:.2f} m³/h"


def tells_a_silent_line(plant):
    """A serial line that falls silent turns Bad on the page and over OPC UA, is alarmed, and comes back."""
    plant.rig.tell("link a silent")
    bad = plant.screen.shows("bad", lambda it: it.quality(SERIAL) == "bad", SEEN_MAX_S)
    see(plant.screen.value(SERIAL) is None, "a number that logic could use")
    (_, status), (_, other) = plant.control_room.read(SERIAL, NETWORK)
    see(status.startswith("Bad") and other == "Good", f"{status}, {other}")
    plant.screen.shows("alarm 906", lambda it: it.is_active(906), SEEN_MAX_S)
    plant.rig.tell("link a up")
    good = plant.screen.shows("good", lambda it: it.quality(SERIAL) == "good", SEEN_MAX_S)
    plant.screen.shows("no alarm", lambda it: not it.is_active(906), SEEN_MAX_S)
    return f"{status} after {bad:.1f} s, Good {good:.1f} s after it came back"


BEFORE_SET_UP = [reads_the_field]
AFTER_SET_UP = [lets_a_trusted_client_in, is_seen_from_afar, tells_a_silent_line]
