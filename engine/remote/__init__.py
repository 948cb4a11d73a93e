"""Training on other machines through Ray: the gateway process, the proxy worker here, the node there."""
