"""The live server: events in, recommendations out, in real time, and nothing lost."""
