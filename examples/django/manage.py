#!/usr/bin/env python3
"""Django's own entry point. DJANGO_SETTINGS_MODULE chooses between shop.settings_story and shop.settings_kept."""
import os
import sys

from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings_story")
execute_from_command_line(sys.argv)
