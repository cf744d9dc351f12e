"""Before everything else: what of a cluster, its network and the admin's rights keeps Segment or this package out."""
