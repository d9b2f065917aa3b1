# SPDX-License-Identifier: MIT
"""What scripts/history is made of: many runs in one SQLite file."""
