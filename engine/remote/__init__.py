"""Training on other machines through Ray: the gateway that talks to Ray, the proxy here, the node there."""
