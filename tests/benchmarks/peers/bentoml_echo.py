"""The echo as a BentoML service. An async method runs in the server's loop, without a thread's hop."""

import bentoml


@bentoml.service(workers=1, logging={"access": {"enabled": False}}, metrics={"enabled": False})
class Echo:
    """One process: a second one made it slower on two cores."""

    @bentoml.api
    async def echo(self, value: dict) -> dict:
        return value
