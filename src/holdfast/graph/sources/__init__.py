"""Where rows are loaded from: files of lines and of columns, tables in memory. Imported under the gate, as Arrow is."""
