"""What the table service ran, kept in the metadata database."""
