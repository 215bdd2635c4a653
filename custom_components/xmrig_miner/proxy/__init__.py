"""xmrig-proxy: one connection to the pool for many miners."""
