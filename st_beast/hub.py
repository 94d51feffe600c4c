"""Models on a hub such as huggingface.co: which text names one, and its files, fetched once and kept in a cache.

Nothing else in this package makes a request.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from huggingface_hub import constants, hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from beast_core import ModelFolderError
from beast_core.model_files import CARD_FILE, CONFIG_FILE, MODULES_FILE, WEIGHTS_FILE
from beast_core.shipped import looks_like_hub_name
from beast_core.storage import read_config
from st_beast.host_options import HOST_CONFIG

# All that is read of a folder of ours or of stock parts: no tokenizer, no other form of the weights, no checkpoints.
_FILES = [CONFIG_FILE, WEIGHTS_FILE, CARD_FILE, MODULES_FILE, HOST_CONFIG, f"[0-9]_*/{WEIGHTS_FILE}"]

# Of httpx or httpx2, whichever the hub's library is made with; without it, a broken proxy would be told in its words.
_TransportError: type[Exception] = HfHubHTTPError.__bases__[0]

_LOGIN = "`hf auth login`, HF_TOKEN in the environment, or token=..."


def hub_name(model: object, *, revision: str | None) -> str | None:
    """The name on a hub that is meant, `owner/name`, or None for everything else: paths, languages, nothing.

    A text of that form means a folder if there is one, or if there is a folder `owner` here, in which one is missing. A
    `revision` is only of a hub's model: it asks for one in the latter case too, and raises `ValueError` where there can
    be none.
    """
    if not (isinstance(model, str) and looks_like_hub_name(model)) or Path(model).exists():
        if revision is not None:
            raise ValueError(
                f'revision is {revision!r:.60}, which a model on a hub alone has, expected its name, "owner/name", and '
                f"no folder of that name here; got {model!r:.120}"
            )
        return None
    return model if revision is not None or not Path(model).parent.exists() else None


def fetch(
    name: str,
    *,
    revision: str | None = None,
    token: str | bool | None = None,
    cache_folder: str | Path | None = None,
    local_files_only: bool = False,
) -> Path:
    """The folder of a model on a hub, in the cache; what is there already is not fetched again.

    Where and from where are as `SentenceTransformer` has them: `cache_folder`, or else SENTENCE_TRANSFORMERS_HOME, or
    else HF_HOME; HF_ENDPOINT, HF_TOKEN and HF_HUB_OFFLINE are obeyed. The configuration comes first, so that nothing of
    other models is fetched.

    Raises `FileNotFoundError` for a model or a revision that is not there or, with no network, not in the cache;
    `PermissionError` for a model that asks for consent; `ConnectionError` if the hub gives no answer that helps;
    `ModelFolderError` for a model that is not ours.
    """
    cache = cache_folder or os.environ.get("SENTENCE_TRANSFORMERS_HOME") or constants.HF_HUB_CACHE
    options: dict[str, Any] = {"cache_dir": str(cache), "token": token, "local_files_only": local_files_only}
    with _explained(name, revision=revision, cache=Path(cache), offline=local_files_only):
        config = Path(str(hf_hub_download(name, CONFIG_FILE, revision=revision, **options)))
        try:
            read_config(config.parent)
        except ModelFolderError as error:
            raise ModelFolderError(f"{name!r} of the hub is no BEAST model, whatever else it is: {error}") from error
        # Of the same commit, whatever is pushed meanwhile.
        folder = Path(str(snapshot_download(name, revision=config.parent.name, allow_patterns=_FILES, **options)))
        if not (folder / WEIGHTS_FILE).is_file():
            raise LocalEntryNotFoundError(f"{WEIGHTS_FILE} is missing")
    return folder


@contextmanager
def _explained(name: str, *, revision: str | None, cache: Path, offline: bool) -> Iterator[None]:
    """Says in our words what the hub's library found, and what to do."""
    where = f"{name!r} at {constants.ENDPOINT}"
    try:
        yield
    except GatedRepoError as error:
        raise PermissionError(
            f"{where} is for those alone who asked for it: ask on its page, then log in ({_LOGIN})"
        ) from error
    except RepositoryNotFoundError as error:
        raise FileNotFoundError(
            f"no model {where} that may be read, and no folder {Path(name).resolve()}: check the name; a private model "
            f"is there for those alone who are logged in ({_LOGIN})"
        ) from error
    except RevisionNotFoundError as error:
        raise FileNotFoundError(
            f"{where} has no revision {revision!r:.60}, expected a branch, a tag or a commit of it"
        ) from error
    except LocalEntryNotFoundError as error:
        told = "revision " + repr(revision) if revision else "model"
        if offline or constants.HF_HUB_OFFLINE:
            asked = "local_files_only" if offline else "HF_HUB_OFFLINE"
            raise FileNotFoundError(
                f"the {told} of {name!r} is not, or not wholly, in the cache {cache}, and {asked} says to make no "
                "request: load it once with a network"
            ) from error
        raise ConnectionError(
            f"{where} cannot be reached, and the {told} is not, or not wholly, in the cache {cache}: check the network "
            f"and the proxy, or try again later ({_cause(error)})"
        ) from error
    except EntryNotFoundError as error:
        raise ModelFolderError(
            f"{where} is no BEAST model: {CONFIG_FILE} is missing; expected what st_beast or the training writes"
        ) from error
    except (HfHubHTTPError, _TransportError) as error:
        raise ConnectionError(f"{where} cannot be read: {_cause(error)}; try again later") from error


def _cause(error: BaseException) -> str:
    """What happened first, in one line."""
    first = error.__cause__ or error
    return f"{type(first).__name__}: {' '.join(str(first).split()):.200}"
