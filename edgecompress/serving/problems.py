"""Every status that is not 200, and what a client is told with it."""

from collections.abc import Mapping

from starlette.responses import JSONResponse

PROTOCOL_PREFIX = "/v2"  # the Open Inference Protocol has an error format of its own

CODES = {
    400: "not_json",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
    415: "wrong_content_type",
    422: "not_acceptable_input",
    500: "internal",
    503: "busy",
    504: "too_late",
}


class Problem(Exception):
    """A request that gets no answer; the text is for the client, and holds nothing of theirs."""

    def __init__(
        self, status: int, message: str, hint: str = "", headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.hint = status, message, hint
        self.headers = dict(headers or {})

    def response(self, path: str) -> JSONResponse:
        """In the format of the protocol that `path` belongs to."""
        if path == PROTOCOL_PREFIX or path.startswith(f"{PROTOCOL_PREFIX}/"):
            told = f"{self.message}; {self.hint}" if self.hint else self.message
            content: dict[str, object] = {"error": told}
        else:
            content = {
                "error": {
                    "code": CODES[self.status],
                    "message": self.message,
                    "hint": self.hint,
                }
            }
        return JSONResponse(content, self.status, headers=self.headers)
