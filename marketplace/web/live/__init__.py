"""What pages follow by WebSocket: one routing, one kind of consumer, signed in by the session as pages are."""
