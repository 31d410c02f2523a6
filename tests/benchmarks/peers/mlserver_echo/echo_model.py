"""The echo as an MLServer runtime, in the server's process (parallel_workers = 0)."""

from mlserver import MLModel
from mlserver.handlers import custom_handler
from mlserver.types import InferenceRequest, InferenceResponse, ResponseOutput


class Echo(MLModel):
    """Answers its input, by the inference protocol, and by a bare route."""

    async def load(self) -> bool:
        return True

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        sent = payload.inputs[0]
        echo = ResponseOutput(name=sent.name, shape=sent.shape, datatype=sent.datatype, data=sent.data)
        return InferenceResponse(model_name=self.name, outputs=[echo])

    @custom_handler(rest_path="/route")
    async def route(self, value: dict) -> dict:
        return value
