"""Questions about the whole store: of verify and repair what contradicts itself, of status how much there is."""
