# SPDX-License-Identifier: MIT
"""What holds for all tests of pytest."""

import signal
import time
from typing import Any, Callable

import pytest

# A shell starts what it runs in the background with SIGINT ignored, children
# inherit that, and what is to be interrupted could not be.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def guard_s() -> float:
    """Against hanging; nothing is asserted on times."""
    return 600


@pytest.fixture(scope="session")
def until(guard_s: float) -> Callable[..., Any]:
    """Waits for something to become true and returns it."""
    def wait(found: Callable[[], Any], what: str, guard_s: float = guard_s
             ) -> Any:
        end = time.monotonic() + guard_s
        while time.monotonic() < end:
            value = found()
            if value:
                return value
            time.sleep(0.001)
        pytest.fail(f"in vain: {what}")
    return wait
