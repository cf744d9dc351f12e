"""What the admin may do, held against a plan: what it would be refused is found before anything is tried."""
