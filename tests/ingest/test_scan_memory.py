"""The scan takes no more memory for a large file, and knows the encoding of the contract."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.ingest.loading import dropped

from daysheet.catalog import load_contract
from daysheet.ingest.scan import Scan
from daysheet.settings import PROJECT, Settings

HEADER = b"UserGroupNum,Description\n"

MEASURE = """
import sys
from datetime import datetime
from pathlib import Path
from daysheet.catalog import load_contract
from daysheet.ingest.scan import Scan
from daysheet.ingest.verdicts import DroppedFile
from daysheet.settings import Settings

def peak():
    status = Path("/proc/self/status").read_text()  # getrusage would count our parent's too
    return int(status.split("VmHWM:")[1].split()[0]) // 1024

path, sha256, size = sys.argv[1:]
file = DroppedFile("opendental", "usergroup", "usergroup.csv", Path(path), sha256, int(size),
                   "changes", datetime(2026, 6, 1))
contract, settings, before = load_contract("opendental", "usergroup"), Settings(), peak()
scan = Scan(file, contract, settings)
for chunk in scan.chunks():
    pass
print(scan.rows.read, peak() - before)
"""

LARGE = {
    "short rows": (b"1,a\n" * 4_000_000, 4_000_000),
    "one endless line": (b"1," + b"x" * 60_000_000, 1),
    "a quote that never closes": (b'1,"' + b"so it goes on and on\n" * 600_000, 600_000),
}


@pytest.mark.parametrize("case", LARGE)
def test_the_scan_of_a_large_file_stays_below_150_mb(tmp_path, case):
    body, rows = LARGE[case]
    file = dropped(tmp_path, "usergroup", HEADER + body)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(file.path), file.sha256, str(file.bytes)],
        env={"PYTHONPATH": str(PROJECT / "plugins")},
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    read, megabytes = map(int, done.stdout.split())
    assert (read, megabytes < 150) == (rows, True), f"{megabytes} MB"


def test_text_of_the_contracts_encoding_becomes_utf8(tmp_path: Path):
    contract = load_contract("opendental", "usergroup").model_copy(update={"encoding": "cp1252"})
    text = HEADER + b'1,caf\xe9 \x80\n2,\x81\n3,"\xe9"\n'
    scan = Scan(dropped(tmp_path, "usergroup", text), contract, Settings())
    assert b"".join(scan.chunks()).decode().splitlines() == [
        "2,,,,1,café €",
        '3,t,bad_encoding,"2,\\x81",2,',
        '4,,,,3,"é"',
    ]
