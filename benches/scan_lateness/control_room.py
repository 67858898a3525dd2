"""A control room that is told of a thousand points at 100 ms, with a stock OPC UA client (asyncua).

Its arguments: OPC UA address, HTTP address, folder for its certificate, password, items. Says `certificate FILE` and waits for a
line, by which it must be trusted; says `ready ITEMS`, and `told CHANGES` at the end of its input.
"""

import asyncio
import json
import pathlib
import sys
import urllib.request

from asyncua import Client, ua
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256

sys.path.append(str(pathlib.Path(__file__).parents[2] / "tests/interop"))
from opcua_client import CLIENT, NAMESPACE, SIGN_AND_ENCRYPT, make_certificate

PERIOD_MS = 100
# Asked for at once; the client gives up on longer answers.
ITEMS_AT_ONCE = 200
# Values that change; a setting or a name would only lie there.
KINDS = ["input", "output", "status"]


class Told:
    changes = 0

    def datachange_notification(self, node, value, data):
        self.changes += 1


async def main(opcua, http, folder, password, wanted):
    folder = pathlib.Path(folder)
    client = Client(opcua, timeout=30)
    client.application_uri = CLIENT
    certificate, key = folder / "control_room.der", folder / "control_room.pem"
    await client.set_security(SecurityPolicyBasic256Sha256, certificate, key, mode=SIGN_AND_ENCRYPT)
    client.set_user("vong")
    client.set_password(password)
    with urllib.request.urlopen(f"{http}/api/catalogue") as answer:
        rows = json.load(answer)["rows"]
    async with client:
        index = await client.get_namespace_index(NAMESPACE)
        rows.sort(key=lambda row: row["kind"] not in KINDS)
        nodes = [client.get_node(ua.NodeId(row["path"], index)) for row in rows[: int(wanted)]]
        told = Told()
        subscription = await client.create_subscription(PERIOD_MS, told)
        items = 0
        for first in range(0, len(nodes), ITEMS_AT_ONCE):
            some = nodes[first : first + ITEMS_AT_ONCE]
            handles = await subscription.subscribe_data_change(some, sampling_interval=PERIOD_MS)
            items += sum(isinstance(handle, int) for handle in handles)
        print(f"ready {items}", flush=True)
        before = told.changes
        await asyncio.to_thread(sys.stdin.read)
        print(f"told {told.changes - before}", flush=True)


if __name__ == "__main__":
    make_certificate(pathlib.Path(sys.argv[3]), "control_room")
    print(f"certificate {sys.argv[3]}/control_room.der", flush=True)
    sys.stdin.readline()
    asyncio.run(main(*sys.argv[1:]))
