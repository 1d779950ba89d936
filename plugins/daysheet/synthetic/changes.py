"""A follow-up drop: one claim that the practice touched after the export."""

import csv
import hashlib
import json
from datetime import datetime, timedelta
from pathlib import Path

from daysheet.synthetic.files import write_manifest


def one_changed_claim(drop: Path, out: Path) -> Path:
    """Write to ``out/opendental`` a ``changes`` drop with one claim of ``drop``, edited later.

    ``drop`` is the folder with the CSV files and their manifest. The claim is the first one sent
    and not answered; it was sent again the day after the export. Returns the new folder.
    """
    exported = json.loads((drop / "_manifest.json").read_text())["exported_on"]
    edited = datetime.fromisoformat(exported) + timedelta(hours=10)
    with (drop / "claim.csv").open(newline="", encoding="utf-8") as stream:
        rows = csv.DictReader(stream)
        claim = next(row for row in rows if row["ClaimStatus"] == "S")
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
