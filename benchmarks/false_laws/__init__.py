"""How often `edgewise.discover` calls something a law where there is none."""
