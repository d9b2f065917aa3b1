# SPDX-License-Identifier: MIT
"""Quietens a machine for a measurement and puts it back exactly."""
