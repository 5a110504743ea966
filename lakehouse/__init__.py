"""Tables and how they are read. Imports no other package of the project, no Django and no JVM."""
