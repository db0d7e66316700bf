"""The SQL room: schema, engines, migrations, and one file of questions per family of tables."""
