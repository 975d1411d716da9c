-- SHARE UPDATE EXCLUSIVE only: readers and writers of the shop go on while the old rows are proven.
ALTER TABLE order_items VALIDATE CONSTRAINT order_items_product_id_fk;
ALTER TABLE cart_items VALIDATE CONSTRAINT cart_items_product_id_fk;
ALTER TABLE favorites VALIDATE CONSTRAINT favorites_product_id_fk;
