"""What people say about the tables: assets, sources, saved views and configuration, in the metadata database."""
