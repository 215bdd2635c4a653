"""The manager in Home Assistant: its config entry, coordinator, members and entities.

It decides nothing: `manager/` does.
"""
