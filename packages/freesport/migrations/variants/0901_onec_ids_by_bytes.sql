-- Ids of 1C and skus made from them are opaque: they are compared for equality and never shown in an order. Compared as
-- bytes (collation C) an index over a million of them is built in a third of the time, because sorting then uses
-- abbreviated keys instead of strcoll. Changing a collation rewrites no row, only the index.
ALTER TABLE sku_identities
  ALTER COLUMN onec_id TYPE varchar(100) COLLATE "C",
  ALTER COLUMN parent_onec_id TYPE varchar(100) COLLATE "C";
ALTER TABLE products ALTER COLUMN onec_id TYPE varchar(100) COLLATE "C";
ALTER TABLE product_variants
  ALTER COLUMN onec_id TYPE varchar(100) COLLATE "C",
  ALTER COLUMN sku TYPE varchar(100) COLLATE "C";
