"""Connections that are one of the roles of the database."""


class As:
    """A connection that is one role, with the settings that the envelope would have made."""

    def __init__(self, db, role, **settings):
        self.connection = db.connect(role)
        self.connection.autocommit = False
        self.settings = settings

    def __enter__(self):
        self.cursor = self.connection.cursor()
        for name, value in self.settings.items():
            self.cursor.execute("select set_config(%s, %s, true)", (f"sebez.{name}", value))
        return self.cursor

    def __exit__(self, *error):
        self.connection.rollback()
        self.connection.close()
