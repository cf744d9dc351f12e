"""What the linked user can reach, in every database and by whatever way, and what of it nobody asked for."""
