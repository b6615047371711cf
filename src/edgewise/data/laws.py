"""Built-in laws."""
