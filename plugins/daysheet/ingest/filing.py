"""Where files go after the ledger knows them: archive, rejected, held; every move can be redone."""

import psycopg

from daysheet.ingest import ledger
from daysheet.ingest.drop_folder import ARCHIVE, HELD, INBOX, REJECTED, DropFolder, NotAPlainFile
from daysheet.ingest.inbox import TAKEN, Drop, claim
from daysheet.ingest.ledger import Known
from daysheet.ingest.manifest import MANIFEST, Manifest, ManifestInvalid, parse_manifest
from daysheet.ingest.recognition import is_ignored

_LONGEST = 240  # bytes of a name that something can be put behind
_AREAS = {"rejected": REJECTED, "held": HELD}


def claim_folders(drops: DropFolder, ready: list[Drop], batch: int) -> None:
    """Mark folders as taken, each with a free name to file it under.

    From then on a folder may lack files: those that were already moved out of it.
    """
    for source, folder in dict.fromkeys((drop.source, drop.folder) for drop in ready):
        if folder is None or claim(drops, source, folder):
            continue
        filed_as, number = folder, 1
        while drops.exists(f"{ARCHIVE}/{source}/{filed_as}"):
            filed_as = f"batch-{batch}/{folder}" + (f"-{number}" if number > 1 else "")
            number += 1
        drops.write(f"{INBOX}/{source}/{folder}/{TAKEN}", filed_as.encode())


def is_filed(drops: DropFolder, known: Known, batch: int) -> bool:
    """Whether a row of the ledger is done with, so that the same file now is a new drop."""
    if known.is_loaded:
        return known.batch != batch or bool(known.archived_as and drops.exists(known.archived_as))
    return known.archived_as is not None


def file_away(connection: psycopg.Connection, drops: DropFolder, drop: Drop, known: Known) -> None:
    """Move a file out of the inbox to where its state says, and its folder with the last one.

    A duplicate is deleted once the archive is seen to hold the same bytes.
    """
    if known.state == "duplicate" and (
        twin := _archived_twin(connection, drops, drop, known.sha256)
    ):
        ledger.set_place(connection, known.file_id, twin)
        drops.remove(drop.place)
    else:
        area = _AREAS.get(known.state, ARCHIVE)
        place = _free_place(drops, area, drop, known)
        ledger.set_place(connection, known.file_id, place)
        if area != ARCHIVE:
            drops.write(reason_place(place, known), _reason(known).encode())
        drops.move(drop.place, place)
    if drop.folder is not None:
        finish_folder(drops, drop.source, drop.folder, drop.filed_as.rpartition("/")[0])


def reason_place(place: str, known: Known) -> str:
    """Where the reason for a refused file lies: beside it, by its name unless that is too long."""
    folder, _, name = place.rpartition("/")
    short = name if len(name.encode()) <= _LONGEST else f"file-{known.file_id}"
    return f"{folder}/{short}.reason.txt"


def finish_folder(drops: DropFolder, source: str, folder: str, filed_as: str) -> None:
    """File the manifest of an emptied folder beside its archived files; remove the folder."""
    place = f"{INBOX}/{source}/{folder}"
    left = [entry.name for entry in drops.entries(place) if not is_ignored(entry.name)]
    if left not in ([], [MANIFEST]):
        return
    if left:
        manifest = _archived_part(drops, f"{place}/{MANIFEST}", f"{ARCHIVE}/{source}/{filed_as}")
        if manifest is not None:
            text = manifest.model_dump_json(indent=2, exclude_none=True)
            drops.write(f"{ARCHIVE}/{source}/{filed_as}/{MANIFEST}", text.encode())
        drops.remove(f"{place}/{MANIFEST}")
    drops.remove(f"{place}/{TAKEN}")
    drops.remove_folder(place)


def _archived_part(drops: DropFolder, manifest: str, archived: str) -> Manifest | None:
    """The manifest of what ``archived`` holds of a drop, so that it can be dropped again."""
    try:
        with drops.reading(manifest) as stream:
            whole = parse_manifest(stream.read())
    except (FileNotFoundError, NotAPlainFile, ManifestInvalid):
        return None
    present = {entry.name for entry in drops.entries(archived)}
    files = {name: promised for name, promised in whole.files.items() if name in present}
    return whole.model_copy(update={"files": files}) if files else None


def _archived_twin(
    connection: psycopg.Connection, drops: DropFolder, drop: Drop, sha256: str
) -> str | None:
    loaded = ledger.loaded_twin(connection, drop, sha256)
    twin = loaded.archived_as if loaded else None
    return twin if twin and drops.exists(twin) else None


def _free_place(drops: DropFolder, area: str, drop: Drop, known: Known) -> str:
    names = [drop.filed_as]
    if known.batch is not None:
        names.append(f"batch-{known.batch}/{drop.filed_as}")
    own = f"{area}/{drop.source}/file-{known.file_id}/{drop.filed_as}"
    places = (f"{area}/{drop.source}/{name}" for name in names)
    return next((place for place in places if not drops.exists(place)), own)


def _reason(known: Known) -> str:
    return (
        f"File {known.file_id} ({known.source} {known.table_name or 'of no known table'}) "
        f"was {known.state} and nothing of it was loaded.\n{known.problem}\n"
    )
