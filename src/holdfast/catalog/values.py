"""Values that the schema and the statements share."""

#: `to_seq` of a row that has not ended
FOREVER = 2**63 - 1
#: the node that is the root directory of every branch; it has no entry until it has properties
ROOT_NODE = 1
#: new nodes in one commit: a node's id is its commit's seq times this, plus its place in the commit
NODES_PER_COMMIT = 2**20


def commit_that_made(node: int) -> int:
    """Return the commit that a node is as old as; the root is as old as the store."""
    return 1 if node == ROOT_NODE else node // NODES_PER_COMMIT
