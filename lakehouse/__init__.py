"""What a table is and how it is read; knows no other package, no Django and no JVM."""
