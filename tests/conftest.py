# SPDX-License-Identifier: MIT
"""What holds for all tests of pytest."""

import signal

# A shell starts what it runs in the background with SIGINT ignored, children
# inherit that, and what is to be interrupted could not be.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
