"""Power of a miner: a model, its measurement by a meter, and a limit."""
