"""The echo as a LitServe server: async, with the fast queue that its documentation recommends for small requests."""

import sys

import litserve


class Echo(litserve.LitAPI):
    """No batches: an echo has no batch to gain from, and waiting for one made it slower."""

    def setup(self, device: str) -> None:
        pass

    async def decode_request(self, request: dict) -> dict:
        return request

    async def predict(self, value: dict) -> dict:
        return value

    async def encode_response(self, value: dict) -> dict:
        return value


if __name__ == "__main__":
    server = litserve.LitServer(Echo(enable_async=True), accelerator="cpu", workers_per_device=1, fast_queue=True)
    server.run(
        host="127.0.0.1", port=int(sys.argv[1]), num_api_servers=1, log_level="warning", generate_client_file=False
    )
