"""Bringing a model's files here: from the resource cache, a folder, or the hub."""

from pathlib import Path

import huggingface_hub
from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

from edgecompress.core.artifact import Artifact
from edgecompress.core.errors import OfflineError
from edgecompress.workflow.origin import Origin
from edgecompress.workflow.workspace import Workspace

WANTED = ["config.json", "*.safetensors", "tokenizer*", "special_tokens_map.json", "vocab*"]


def bring(origin: Origin, ws: Workspace) -> Artifact:
    """The origin as an artifact of kind "pretrained", fetched if need be.

    Raises:
        OfflineError: it must be fetched, and the network is forbidden or does not answer.
    """
    path = origin.folder or _fetched(origin, ws)
    return Artifact("pretrained", key="", digest=origin.digest, path=path, parents=(), facts={})


def _fetched(origin: Origin, ws: Workspace) -> Path:
    if origin.name.startswith("resource:"):
        return ws.resources.folder(origin.name.removeprefix("resource:"))
    try:
        found = huggingface_hub.snapshot_download(
            origin.name,
            revision=origin.revision,
            allow_patterns=WANTED,  # never pickled weights, never code
            local_files_only=ws.offline,
        )
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise OfflineError(
            f"{origin.name}@{origin.revision} is not in the hub cache and cannot be fetched: "
            f"{reason}; fetch it once with network access, or name a folder"
        ) from None
    return Path(found)
