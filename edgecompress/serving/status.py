"""What a worker says of itself: alive, ready, which model, how busy. None of it asks the model."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from edgecompress import __version__
from edgecompress.serving.metrics import CONTENT_TYPE
from edgecompress.serving.openapi import document
from edgecompress.serving.served import Served


async def alive(request: Request) -> JSONResponse:
    """`GET /healthz`: the event loop turns."""
    return JSONResponse({"status": "alive"})


async def ready(request: Request) -> JSONResponse:
    """`GET /readyz`: the golden answers were right, and nobody has asked to stop."""
    served: Served = request.app.state.served
    state = "draining" if served.draining else "ready"
    return JSONResponse({"status": state}, 503 if served.draining else 200)


async def metrics(request: Request) -> Response:
    """`GET /metrics`, for Prometheus."""
    served: Served = request.app.state.served
    return Response(served.metrics.exposition(), media_type=CONTENT_TYPE)


async def described(request: Request) -> JSONResponse:
    """`GET /openapi.json`: this model under these limits."""
    served: Served = request.app.state.served
    return JSONResponse(document(served.name, served.model.labels, served.limits))


async def protocol_alive(request: Request) -> JSONResponse:
    """`GET /v2/health/live`."""
    return JSONResponse({"live": True})


async def protocol_ready(request: Request) -> JSONResponse:
    """`GET /v2/health/ready`."""
    draining = request.app.state.served.draining
    return JSONResponse({"ready": not draining}, 503 if draining else 200)


async def protocol_model_ready(request: Request) -> JSONResponse:
    """`GET /v2/models/NAME/ready`."""
    served: Served = request.app.state.served
    told = {"name": served.name, "ready": not served.draining}
    return JSONResponse(told, 503 if served.draining else 200)


async def protocol_server(request: Request) -> JSONResponse:
    """`GET /v2`: who answers."""
    return JSONResponse({"name": "edgecompress", "version": __version__, "extensions": []})


async def protocol_model(request: Request) -> JSONResponse:
    """`GET /v2/models/NAME`: what goes in and comes out; the second input only with pairs."""
    served: Served = request.app.state.served
    labels = list(served.model.labels)
    told: dict[str, Any] = {
        "name": served.name,
        "versions": [str(served.sequence)],
        "platform": "onnxruntime_onnx",
        "inputs": [
            {"name": "text", "datatype": "BYTES", "shape": [-1]},
            {"name": "text_pair", "datatype": "BYTES", "shape": [-1]},
        ],
        "outputs": [
            {"name": "label", "datatype": "BYTES", "shape": [-1]},
            {"name": "score", "datatype": "FP64", "shape": [-1]},
            {"name": "scores", "datatype": "FP64", "shape": [-1, len(labels)]},
        ],
        "parameters": {"labels": labels, "digest": served.model.digest},
    }
    return JSONResponse(told)
