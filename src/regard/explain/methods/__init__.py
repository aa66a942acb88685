"""Ways to say what each event of a history did for an item, behind one interface."""
