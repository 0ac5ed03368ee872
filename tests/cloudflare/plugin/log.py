"""The engine's log: what the plugin says there, the user sees on the record's row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

if TYPE_CHECKING:
    from pulumi.runtime.proto.engine_pb2_grpc import EngineStub


class EngineLog:
    """Says something to the engine, whose code is imported when there is something to say."""

    def __init__(self, address: str | None) -> None:
        """Note the address that the engine gave; None for a plugin that runs by itself."""
        self._address = address
        self._stub: EngineStub | None = None

    def error(self, urn: str, summary: str, detail: str) -> None:
        """Log an error in the form of Pulumi's bridge."""
        self._say("ERROR", urn, f"[ERROR] {detail}: {summary}")

    def warning(self, urn: str, summary: str, detail: str) -> None:
        """Log a warning in the form of Pulumi's bridge."""
        self._say("WARNING", urn, f"[WARNING] {detail}: {summary}")

    def _say(self, severity: str, urn: str, message: str) -> None:
        if self._address is None:
            return
        from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

        if self._stub is None:
            self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(self._address))
        severity_value = engine_pb2.LogSeverity.Value(severity)
        self._stub.Log(engine_pb2.LogRequest(severity=severity_value, urn=urn, message=message))
