"""Step 3 of Segment's guide: read access, schema by schema."""
