# SPDX-License-Identifier: MIT
"""What scripts/worksheet and scripts/lab-figures are made of."""
