"""Power of a miner: modelled, measured by a meter, and kept below a limit."""
