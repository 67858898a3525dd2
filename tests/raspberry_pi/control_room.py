"""A control room far away: a stock OPC UA client (asyncua) with a certificate of its own."""

import asyncio
import logging

from asyncua import Client, ua
from asyncua.crypto.cert_gen import setup_self_signed_certificate
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from cryptography.x509.oid import ExtendedKeyUsageOID

import people

NAMESPACE = "urn:sweetspring:plant"
APPLICATION = "urn:sweetspring:test:pi"
# An emulated Pi on a busy machine is slow; an answer that never comes is a failure. Seconds.
PATIENCE_S = 60

# Refusals are expected, and a slow machine is not worth a word.
logging.getLogger("asyncua").setLevel(logging.CRITICAL)
logging.getLogger("asyncio").setLevel(logging.CRITICAL)


class ControlRoom:
    """One who connects for each thing it asks."""

    def __init__(self, port, folder):
        self.endpoint = f"opc.tcp://127.0.0.1:{port}/"
        self.key, self.certificate = folder / "client.pem", folder / "client.der"
        made = setup_self_signed_certificate(
            self.key,
            self.certificate,
            APPLICATION,
            "localhost",
            [ExtendedKeyUsageOID.CLIENT_AUTH],
            {"commonName": "Sweetspring test pi"},
        )
        asyncio.run(made)

    async def _connected(self, work):
        client = Client(self.endpoint, timeout=PATIENCE_S)
        client.application_uri = APPLICATION
        mode = ua.MessageSecurityMode.SignAndEncrypt
        await client.set_security(
            SecurityPolicyBasic256Sha256, self.certificate, self.key, mode=mode
        )
        client.set_user(people.OWNER)
        client.set_password(people.PASSWORD)
        async with client:
            return await work(client, await client.get_namespace_index(NAMESPACE))

    def connect(self):
        """Comes in and goes; what refused it is raised."""

        async def nothing(_client, _index):
            return None

        asyncio.run(self._connected(nothing))

    def read(self, *paths):
        """Value and status name of points."""

        async def values(client, index):
            nodes = [client.get_node(ua.NodeId(path, index)) for path in paths]
            read = [await node.read_data_value(raise_on_bad_status=False) for node in nodes]
            return [(one.Value.Value if one.Value else None, one.StatusCode.name) for one in read]

        return asyncio.run(self._connected(values))
