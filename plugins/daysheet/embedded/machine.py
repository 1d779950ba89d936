"""What the machine has; a deployment takes its share by that."""

import os

CORES = os.cpu_count() or 1
MEMORY = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20  # MiB
IS_ROOMY = MEMORY > 6 * 2**10
