"""Who runs plans and looks: it reads, plans, applies, verifies, and tries again."""
