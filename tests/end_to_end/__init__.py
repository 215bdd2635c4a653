"""The integration, from its commands to its entities, on each miner there is."""
