"""What somebody sends, read no further than it may be long."""

from __future__ import annotations

from fastapi import Request


async def read(request: Request, largest: int) -> bytes | None:
    """The body of a request; None where it is longer than `largest` bytes."""
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > largest:
            return None
    return bytes(body)


def media_type(request: Request) -> str:
    """What a request says that its body is, without parameters."""
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
