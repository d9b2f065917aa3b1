# SPDX-License-Identifier: MIT
"""What lab-bench is made of."""
