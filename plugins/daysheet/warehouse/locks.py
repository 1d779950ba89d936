"""Advisory locks. Order: table or fingerprint, then rows of ``ops``; publish takes ops only."""

from enum import IntEnum


class LockClass(IntEnum):
    """First key of every advisory lock, so that uses never meet by accident."""

    BUILD = 1  # second key: build; shared by its readers, tried by housekeeping
    FINGERPRINT = 2  # second key: 32 bits of the fingerprint
    TABLE_LOAD = 3  # second key: hash of the raw table's name
    BATCH = 4  # second key: 0
    PUBLISH = 5  # second key: 0
    HOUSEKEEPING = 6  # second key: 0
    MIGRATION = 7  # second key: 0
    SCHEMAS = 8  # second key: build; making its schemas
    OUTBOX = 9  # second key: hash of the cause of an ops mail, or of whom a digest is for
    AUDIT = 10  # second key: 0; from the commit of a transaction with audit rows to its end
