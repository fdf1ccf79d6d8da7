"""edgecompress: compress a text classifier, prove that it still behaves, ship it without torch."""

import os
from importlib.metadata import version

__version__ = version("edgecompress")
__all__ = ["__version__"]

# Since 1.29 onnxruntime reports the models it loads to its maker, and keeps a number for this
# machine, unless this is set first. Nothing here makes a call that nobody asked for.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
