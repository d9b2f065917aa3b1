# SPDX-License-Identifier: MIT
"""What boot-matrix is made of."""
