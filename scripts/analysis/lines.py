# SPDX-License-Identifier: MIT
"""Straight lines through costs: what a call takes, what each thing adds."""

from typing import Tuple

import numpy as np


def line_through(sizes: np.ndarray, costs: np.ndarray
                 ) -> Tuple[np.ndarray, np.ndarray]:
    """The line cost = call + byte * size of each launch: call, byte (n).

    sizes (k) in bytes, costs (n, k) in ns. Least squares of the relative
    errors, since the noise of a cost is a share of it.
    """
    design = np.stack([1 / costs, sizes / costs], axis=-1)
    call, byte = np.linalg.pinv(design).sum(axis=-1).T
    return call, byte
