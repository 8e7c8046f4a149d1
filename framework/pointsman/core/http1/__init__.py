"""The HTTP/1 codec: bytes become heads and bodies, heads and bodies become bytes (RFC 9112)."""
