"""The three-way merge of two trees: what it stands on, what it would do, and where the two sides are in conflict."""

from typing import Literal

#: which side of a merge holds
Side = Literal["ours", "theirs"]
