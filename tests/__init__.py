"""Tests of the XMRig integration."""
