# SPDX-License-Identifier: MIT
"""What the scripts share: reading run folders, statistics, drawing."""
