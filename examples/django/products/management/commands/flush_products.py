import json

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from products.models import ColorMapping, Product, ProductVariant


class Command(BaseCommand):
    help = "Deletes products and variants, as the story's command does: through the ORM. Colours stay."

    def add_arguments(self, parser):
        parser.add_argument("--confirm", action="store_true", help="required: rows are deleted")

    def handle(self, *args, **options):
        if not options["confirm"]:
            raise CommandError("nothing deleted: confirm with --confirm")
        with transaction.atomic():
            variants, _ = ProductVariant.objects.all().delete()
            # The total includes what Django's own cascade takes along: order and cart lines in the story's settings.
            _, deleted = Product.objects.all().delete()
        self.stdout.write(json.dumps({"variants": variants, **deleted, "colorsKept": ColorMapping.objects.count()}))
