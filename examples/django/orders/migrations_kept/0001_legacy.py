"""The same first migration: a database that the story's settings made goes on from here."""
from importlib import import_module

Migration = import_module("orders.migrations.0001_legacy").Migration
