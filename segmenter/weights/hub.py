"""One file from a model repository on the Hub, or one sentence on why not."""

import logging
import re
from pathlib import Path
from typing import Any

from segmenter.errors import InvalidInput, WeightsUnavailable, first_line

ADDRESS = re.compile(r"(?P<repository>\w[\w.-]*/\w[\w.-]*)(@(?P<revision>\w[\w./-]*))?", re.ASCII)
COMMIT = re.compile(r"[0-9a-f]{40}")

log = logging.getLogger(__name__)


def split_address(address: str) -> tuple[str, str]:
    """Split `owner/name[@revision]` into repository and revision, `main` if none is given.

    Raises:
        InvalidInput: it is not such an address.
    """
    match = ADDRESS.fullmatch(address)
    if match is None or ".." in address:
        raise InvalidInput(f"{address!r} is not a model on the Hub; write owner/name[@revision]")
    return match["repository"], match["revision"] or "main"


def download(repository: str, filename: str, revision: str) -> Path:
    """Return a file of a model repository, fetched into huggingface_hub's cache unless it is there.

    A file of a full commit that is in the cache costs no request. If the Hub can't be reached (or
    HF_HUB_OFFLINE forbids it), the copy fetched last is used and the log says so. The mirror
    HF_ENDPOINT, the token HF_TOKEN, and the cache HF_HOME are huggingface_hub's own settings; it
    reads them when it is first imported.

    Args:
        repository: `owner/name`.
        filename: its path in the repository.
        revision: a branch, a tag, or a commit (40 hexadecimal digits).

    Returns:
        The file; the folder's name is the commit.

    Raises:
        InvalidInput: `repository` can't be the name of one.
        WeightsUnavailable: it can't be fetched; the message says why and what to do.
    """
    from huggingface_hub import constants, hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        cached = try_to_load_from_cache(repository, filename, revision=revision)
        is_final = constants.HF_HUB_OFFLINE or COMMIT.fullmatch(revision)
        if is_final and isinstance(cached, str):
            return Path(cached)
        try:
            _ask(repository, filename, revision)
        except Exception as error:
            if not (_is_unreachable(error) and isinstance(cached, str)):
                raise
            log.warning("%s; using the copy fetched before", first_line(error))
            return Path(cached)
        return Path(
            hf_hub_download(repository, filename, revision=revision, etag_timeout=_patience_s())
        )
    except HFValidationError as error:
        raise InvalidInput(f"{repository!r} can't be on the Hub: {first_line(error)}") from error
    except Exception as error:  # the Hub's errors, three network libraries', and the disk's
        what = f"{filename} of {repository}" + ("" if revision == "main" else f"@{revision}")
        raise WeightsUnavailable(f"can't fetch {what}: {explain(error)}") from error


def discard(path: Path) -> None:
    """Remove a file from the cache, so that the next download fetches it anew."""
    kept_at = path.resolve()  # the cache's snapshots are links to its blobs
    path.unlink(missing_ok=True)
    kept_at.unlink(missing_ok=True)


def _ask(repository: str, filename: str, revision: str) -> None:
    """Ask the Hub for a file's description, once: `hf_hub_download` would go on for minutes."""
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url
    from huggingface_hub.errors import FileMetadataError

    url = hf_hub_url(repository, filename, revision=revision)
    if get_hf_file_metadata(url, timeout=_patience_s()).commit_hash is None:
        raise FileMetadataError(f"{constants.ENDPOINT} does not answer like the Hub")


def _patience_s() -> float:
    """Return how long to wait for an answer, by either of huggingface_hub's two settings."""
    from huggingface_hub import constants

    if constants.HF_HUB_ETAG_TIMEOUT != constants.DEFAULT_ETAG_TIMEOUT:
        return constants.HF_HUB_ETAG_TIMEOUT
    return constants.HF_HUB_DOWNLOAD_TIMEOUT


def _is_unreachable(error: Exception) -> bool:
    """Return whether the Hub did not answer, or only with trouble of its own."""
    from huggingface_hub.errors import FileMetadataError, OfflineModeIsEnabled

    status = status_of(error)
    if status is not None:
        return status == 429 or status >= 500
    return isinstance(error, (OfflineModeIsEnabled, FileMetadataError)) or _is_network(error)


def _is_network(error: BaseException) -> bool:
    # By name: huggingface_hub 1 speaks through httpx and 2 through httpx2, and exports neither.
    return any(kind.__name__ == "TransportError" for kind in type(error).__mro__)


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status an error of huggingface_hub came with; None if the Hub gave none."""
    return getattr(getattr(error, "response", None), "status_code", None)


def explain(error: BaseException) -> str:
    """Say in half a sentence what went wrong and what to do."""
    from huggingface_hub import constants, errors

    if isinstance(error, errors.LocalEntryNotFoundError) and error.__cause__ is not None:
        error = error.__cause__
    hub = constants.ENDPOINT
    log_in = "log in with `hf auth login`, or set HF_TOKEN"
    # Children before parents: the first kind that fits is told.
    by_kind: list[tuple[Any, str]] = [
        (
            errors.OfflineModeIsEnabled,
            "HF_HUB_OFFLINE is set and it was never fetched before; "
            "unset it once to fetch, or give the path of a record on this machine",
        ),
        (errors.GatedRepoError, f"its terms must be accepted at {hub}, then {log_in}"),
        (
            errors.RepositoryNotFoundError,
            f"{hub} shows no such repository; check its name, and if it is private {log_in}",
        ),
        (errors.RevisionNotFoundError, "no such branch, tag or commit; check what follows the @"),
        (
            errors.EntryNotFoundError,
            "the repository has no such file, so it is not a whole model of this program; "
            "choose another",
        ),
        (errors.DisabledRepoError, "the Hub has disabled this repository; choose another model"),
        (
            errors.FileMetadataError,
            f"{hub} does not answer like the Hub; check HF_ENDPOINT, or the proxy",
        ),
        (errors.HfHubHTTPError, _reason_of_status(status_of(error), hub, log_in)),
    ]
    for kind, reason in by_kind:
        if isinstance(error, kind):
            return reason
    return _reason_below_http(error, hub)


def _reason_of_status(status: int | None, hub: str, log_in: str) -> str:
    if status in (401, 403):
        return f"{hub} refused access; {log_in} (a token that has expired is refused too)"
    if status == 429:
        return f"{hub} had too many requests from here; wait some minutes"
    return f"{hub} answered {status}; try again later, or set HF_ENDPOINT to a mirror"


def _reason_below_http(error: BaseException, hub: str) -> str:
    """Tell a network failure from one of the disk."""
    if "Timeout" in type(error).__name__:
        return (
            f"{hub} gave no answer in time; try again, allow more seconds with "
            "HF_HUB_DOWNLOAD_TIMEOUT, or set HF_ENDPOINT to a mirror"
        )
    if _is_network(error):
        return (
            f"no connection to {hub} ({first_line(error)}); "
            "check the network and the proxy, or set HF_ENDPOINT to a mirror"
        )
    if isinstance(error, OSError) and error.errno is not None:
        where = error.filename or "the cache"
        return f"can't write {where}: {error.strerror}; set HF_HOME to a folder with space"
    return f"{first_line(error)}; try again, if it goes on with HF_HUB_DISABLE_XET=1"
