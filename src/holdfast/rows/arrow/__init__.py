"""Whole tables of rows, checked and stored column by column; imported under the gate, as Arrow is."""
