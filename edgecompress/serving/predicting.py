"""The two addresses that answer texts: ours, and that of the Open Inference Protocol."""

from collections.abc import Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

from edgecompress.runtime.errors import InputError
from edgecompress.runtime.model import Prediction
from edgecompress.runtime.text import Text
from edgecompress.serving.lane import LaneFull
from edgecompress.serving.problems import Problem
from edgecompress.serving.reading import read_json
from edgecompress.serving.served import Served
from edgecompress.serving.texts import of_infer, of_predict, outputs_of


async def predict(request: Request) -> JSONResponse:
    """`POST /v1/predict`: one text, one pair, or many of either."""
    served: Served = request.app.state.served
    texts = of_predict(await read_json(request, served), served.limits)
    predictions = await _answered(request, served, texts)
    return JSONResponse({"predictions": predictions, "model": served.model.digest})


async def infer(request: Request) -> JSONResponse:
    """`POST /v2/models/NAME/infer` of the Open Inference Protocol."""
    served: Served = request.app.state.served
    body = await read_json(request, served)
    texts = of_infer(body, served.limits)
    outputs = outputs_of(body, await _answered(request, served, texts))
    told: dict[str, Any] = {"id": body["id"]} if "id" in body else {}
    told |= {"model_name": served.name, "model_version": str(served.sequence)}
    return JSONResponse({**told, "outputs": outputs})


async def _answered(request: Request, served: Served, texts: Sequence[Text]) -> list[Prediction]:
    """The model's answers, counted.

    Raises:
        Problem: 422 something cannot be tokenized, 503 no room, 504 no answer in time.
    """
    metrics, limits = served.metrics, served.limits
    request.state.texts = len(texts)
    metrics.waiting.inc(len(texts))
    try:
        answer = await served.lane.answer(texts, limits.answer_s)
    except InputError as error:
        told = str(error).encode("ascii", "backslashreplace").decode()
        raise Problem(422, told) from None
    except LaneFull as full:
        later = {"Retry-After": str(full.free_in_s)}
        raise Problem(503, "too many texts are waiting", headers=later) from None
    except TimeoutError:
        raise Problem(504, f"no answer within {limits.answer_s:g} s") from None
    finally:
        metrics.waiting.dec(len(texts))
    metrics.texts.inc(len(texts))
    metrics.truncated.inc(answer.truncated)
    metrics.waited_seconds.observe(answer.waited_s)
    request.state.waited_s = answer.waited_s
    return answer.predictions
