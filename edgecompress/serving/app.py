"""The application: a handful of fixed addresses, and one format for whatever goes wrong.

No address, header or body names a file: what is served was chosen on the command line.
"""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from edgecompress.serving import predicting, status
from edgecompress.serving.page import PAGE, policy
from edgecompress.serving.problems import Problem
from edgecompress.serving.served import Served
from edgecompress.serving.watching import Watched


def build(served: Served) -> Starlette:
    """The application of one worker."""
    routes = _routes(f"/v2/models/{served.name}")
    paths = frozenset(route.path for route in routes)
    app = Starlette(
        routes=routes,
        middleware=[Middleware(Watched, served=served, routes=paths)],
        exception_handlers={
            Problem: _problem,
            HTTPException: _not_served,
            ClientDisconnect: _gone,
            Exception: _bug,
        },
    )
    app.router.redirect_slashes = False  # a redirect would be built from the client's Host header
    app.state.served = served
    return app


def _routes(model: str) -> list[Route]:
    return [
        Route("/", _page),
        Route("/openapi.json", status.described),
        Route("/healthz", status.alive),
        Route("/readyz", status.ready),
        Route("/metrics", status.metrics),
        Route("/v1/predict", predicting.predict, methods=["POST"]),
        Route("/v2", status.protocol_server),
        Route("/v2/health/live", status.protocol_alive),
        Route("/v2/health/ready", status.protocol_ready),
        Route(model, status.protocol_model),
        Route(f"{model}/ready", status.protocol_model_ready),
        Route(f"{model}/infer", predicting.infer, methods=["POST"]),
    ]


async def _page(request: Request) -> HTMLResponse:
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": policy()})


async def _problem(request: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)
    return problem.response(request.scope["path"])


async def _not_served(request: Request, error: Exception) -> Response:
    """What the routes do not know: another address, or another method at one of them."""
    assert isinstance(error, HTTPException)
    hint = "GET /openapi.json lists what is served"
    message = "nothing is served here" if error.status_code == 404 else "not with this method"
    problem = Problem(error.status_code, message, hint, error.headers)
    return problem.response(request.scope["path"])


async def _gone(request: Request, error: Exception) -> Response:
    """The client has left before its request was whole; nobody reads this."""
    return Problem(400, "the request was not whole").response(request.scope["path"])


async def _bug(request: Request, error: Exception) -> Response:
    """The log has where it happened; a client is told no more than that it did."""
    return Problem(500, "this request could not be answered").response(request.scope["path"])
