"""The wholly fictional demo data: one module per topic, one `build` per source system.

Usage: imported by scripts/generate_demo_data.py; nothing to run.
"""
