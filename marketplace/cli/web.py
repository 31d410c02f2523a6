"""`agora web`"""

import resource

import click


@click.command("web")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(1, 65535), envvar="AGORA_PORT", default=8000, show_default=True)
def command(host: str, port: int) -> None:
    """Run the web server: pages, the REST API, and the gateway that takes calls."""
    from django.conf import settings  # noqa: PLC0415 - the group must not load Django for every command

    from execution.config import AgentConfig  # noqa: PLC0415
    from marketplace.asgi import application, close  # noqa: PLC0415 - sets Django up
    from marketplace.gateway.server import WebConfig, run_web  # noqa: PLC0415 - needs that set-up

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # each leased slot is three, each client one
    agent = AgentConfig(home=settings.AGORA_HOME)
    config = WebConfig(
        host=host,
        port=port,
        redis_url=settings.REDIS_URL,
        agent_socket=agent.agent_socket,
        gateway_socket=agent.gateway_folder / "gateway.sock",
        secret=settings.SECRET_KEY,
        trusted_proxies=",".join(settings.TRUSTED_PROXIES),
    )
    run_web(config, application)
    close()
