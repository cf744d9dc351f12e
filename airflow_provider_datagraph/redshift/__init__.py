"""What Redshift understands and tells: names, values, statements, catalog. Pure, and it knows nothing of Segment."""
