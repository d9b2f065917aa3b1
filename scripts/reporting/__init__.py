# SPDX-License-Identifier: MIT
"""What scripts/report is made of: sections, pictures, and the page."""
