"""The echo as an MLServer runtime with a handler of its own: its inference protocol wraps more around the value."""

from mlserver import MLModel
from mlserver.handlers import custom_handler


class Echo(MLModel):
    """Runs in the server's process (parallel_workers = 0)."""

    async def load(self) -> bool:
        return True

    @custom_handler(rest_path="/echo")
    async def echo(self, value: dict) -> dict:
        return value
