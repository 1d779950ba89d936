"""A follow-up drop: one claim that the practice touched after the export."""

import csv
import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path

from daysheet.synthetic.files import write_manifest


def one_changed_claim(drop: Path, out: Path) -> Path:
    """Write to ``out/opendental`` a ``changes`` drop with one claim of ``drop``, edited later.

    ``drop`` is the folder with the CSV files and their manifest. The claim is the first primary
    one that waits for an answer; it was sent again the day after the export. Returns the new
    folder, ready to be dropped; :class:`LookupError` when no claim waits.
    """
    exported = json.loads((drop / "_manifest.json").read_text())["exported_on"]
    edited = datetime.fromisoformat(exported) + timedelta(hours=10)
    with (drop / "claim.csv").open(newline="", encoding="utf-8") as stream:
        rows = csv.DictReader(stream)
        waiting = (r for r in rows if r["ClaimStatus"] == "S" and r["ClaimType"] == "P")
        claim = next(waiting, None)
    if claim is None:
        raise LookupError(f"no claim in {drop} waits for an answer; generate a larger practice")
    claim["DateSent"] = claim["DateResent"] = str(edited.date())
    claim["SecDateTEdit"] = str(edited)
    folder = out / "opendental"
    folder.mkdir(parents=True)
    path = folder / "claim.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(claim), lineterminator="\n")
        writer.writeheader()
        writer.writerow(claim)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    files = {"claim.csv": {"rows": 1, "sha256": digest}}
    write_manifest(folder, "changes", edited + timedelta(hours=1), files)
    return folder
