"""Tests of xmrig-proxy: its API, and its entities in Home Assistant."""
