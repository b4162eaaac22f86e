"""Data sets of the Hugging Face hub, by name."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from semjscc.data.sources import ROWS_AT_ONCE, PartName, Source, part_of
from semjscc.data.tables.rows import Table, read_parts
from semjscc.errors import UserError, first_line
from semjscc.images import printable
from semjscc.model_hub import PATIENCE_S, quieten_hub
from semjscc.runtime.extras import check_extra


def open_hub(name: str, revision: str) -> Source:
    """A data set of the hub, or what is kept of it on this machine where there is no network.

    Args:
        name: as in ``owner/name``.
        revision: branch, tag or commit, or "".

    Raises:
        UserError: the hub cannot be reached and nothing is kept, it does not give the data set,
            or the data set has no split that is known.
    """
    check_extra("data", f"the data set {printable(name)} of the Hugging Face hub")
    import datasets
    import datasets.config
    import huggingface_hub

    # The libraries read the environment when first imported, which may be long ago.
    datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = False
    quieten_hub()
    datasets.disable_progress_bars()
    huggingface_hub.utils.logging.set_verbosity_error()  # of each of its retries
    cache = os.environ.get("SEMJSCC_CACHE")
    reached = _answers(name, revision)
    try:
        with _offline(not reached):
            loaded = datasets.load_dataset(
                name,
                revision=revision or None,
                cache_dir=str(Path(cache) / "huggingface") if cache else None,
            )
    except Exception as error:  # network, hub, authentication and format errors of many libraries
        why = f"the Hugging Face hub does not give it: {first_line(error)}"
        if not reached:
            why = "the Hugging Face hub cannot be reached; is there a network?"
        raise UserError(f"{name} is not a local folder or file, and {why}") from None
    found: dict[PartName, datasets.Dataset] = {}
    for split in loaded:
        part = part_of(str(split))
        if part:
            found.setdefault(part, loaded[split])
    if not found:
        own = printable(", ".join(map(str, loaded)))
        raise UserError(f"{name} has neither a train, a validation nor a test split; it has: {own}")
    tables: dict[PartName, Callable[[], Table]] = {
        part: partial(Table, dataset.features, partial(_read, dataset.data))
        for part, dataset in found.items()
    }
    return Source(name, revision, *read_parts(tables, name))


def _answers(name: str, revision: str) -> bool:
    """Whether the hub can be reached: asked once, where loading would try it five times."""
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    try:
        HfApi().dataset_info(name, revision=revision or None, timeout=PATIENCE_S)
    except (HfHubHTTPError, ValueError):
        return True  # whatever it says, loading says it better
    except Exception:  # of the library that carries the requests, which is not always the same
        return False
    return True


@contextmanager
def _offline(wanted: bool) -> Iterator[None]:
    """Where ``wanted``, the libraries look at what is kept on this machine alone."""
    import datasets.config
    import huggingface_hub

    before = datasets.config.HF_HUB_OFFLINE, huggingface_hub.constants.HF_HUB_OFFLINE
    if wanted:
        datasets.config.HF_HUB_OFFLINE = huggingface_hub.constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        datasets.config.HF_HUB_OFFLINE, huggingface_hub.constants.HF_HUB_OFFLINE = before


def _read(table: Any, column: str) -> Iterator[Any]:
    for batch in table.select([column]).to_batches(max_chunksize=ROWS_AT_ONCE):
        yield from batch.column(0).to_pylist()
