"""The page at `/`: one file that needs nothing else, and may load nothing else."""

import base64
import hashlib
import re
from importlib.resources import files

PAGE = files("edgecompress.serving").joinpath("page.html").read_text(encoding="utf-8")


def policy() -> str:
    """The page's Content-Security-Policy: its own script and style by their hashes, our address.

    Whatever else found its way into the page would not run.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src '{_hash('script')}'",
            f"style-src '{_hash('style')}'",
            "img-src data:",  # the empty icon, so that no other is asked for
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _hash(tag: str) -> str:
    """Of what stands between the tags, as a browser computes it."""
    (content,) = re.findall(f"<{tag}>(.*?)</{tag}>", PAGE, re.DOTALL)
    digest = hashlib.sha256(content.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
