"""The manager in Home Assistant: its config entry, coordinator, members and entities.

The decisions are made in `manager/`.
"""
