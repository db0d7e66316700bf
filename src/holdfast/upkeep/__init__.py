"""The upkeep room: what keeps a store quick, outside the commit path.

Folding the tail into the table, indexing what was appended, compacting small fragments, and putting the rows of
contents that nobody sees any more into the history table. All of it goes through stage and publish like every other
change; none of it changes what a search finds.
"""
