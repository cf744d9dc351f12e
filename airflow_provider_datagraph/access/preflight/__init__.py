"""Before everything else: what of a cluster, and of its network, keeps Segment or this package out."""
