"""The wholly fictional demo data: one module per topic, one `build` per source system."""
