"""Language models behind one port; the only implementation speaks to OpenAI-compatible endpoints."""
