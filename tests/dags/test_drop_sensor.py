"""What the sensor says when it cannot look."""

import traceback

import pytest

from daysheet.orchestration.drop_sensor import DropFolderFault, is_anything_ready
from daysheet.settings import get_settings

pytestmark = pytest.mark.airflow


def test_an_error_of_the_file_system_is_told_without_the_name_of_a_file(tmp_path, monkeypatch):
    unusable = tmp_path / ("smithers" * 40)  # longer than a name may be
    monkeypatch.setenv("DAYSHEET_DROPS_URL", unusable.as_uri())
    get_settings.cache_clear()
    try:
        with pytest.raises(DropFolderFault) as fault:
            is_anything_ready()
    finally:
        get_settings.cache_clear()
    said = "".join(traceback.format_exception(fault.value))
    assert "File name too long" in said
    assert "smithers" not in said
