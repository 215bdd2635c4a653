"""XMRig over HTTP: one miner's API, its answers as data, and commands that are sure."""
