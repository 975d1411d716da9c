import type pg from 'pg';
import { SEED_NOW } from './people-sql.ts';

const COLORS = `ARRAY['Белый','Черный','Красный','Синий','Зеленый','Серый','Бордовый','Тёмно-синий']`;
const KINDS = `ARRAY['Кроссовки','Футболка','Мяч','Ракетка','Шорты','Перчатки','Гантель','Коврик','Костюм','Рюкзак']`;

/**
 * Makes up a legacy catalogue of `count` SKUs: ten brands, a tree of eleven categories, goods of four SKUs each, about
 * 1 KB of text a row as in a real one. One SKU in a hundred is unknown to 1C.
 *
 * @example
 * await insertMadeUpSkus(client, 50_000);
 */
export async function insertMadeUpSkus(client: pg.Client, count: number): Promise<void> {
  await client.query(`
    INSERT INTO brands (id, name, slug, normalized_name, created_at, updated_at)
    SELECT n, name, lower(name), lower(name), ${SEED_NOW}, ${SEED_NOW}
    FROM unnest(ARRAY['Torres','Boybo','Larsen','Atemi','Stiga','Joerex','Kappa','Mikasa','Reebok','Yonex']) WITH ORDINALITY AS b(name, n);

    INSERT INTO categories (id, name, slug, parent_id, onec_id, sort_order, created_at, updated_at)
    SELECT 1, 'СПОРТ', 'sport', NULL::bigint, md5('category1')::uuid::text, 0, ${SEED_NOW}, ${SEED_NOW}
    UNION ALL SELECT n + 1, kind, 'category-' || (n + 1), 1, md5('category' || (n + 1))::uuid::text, n, ${SEED_NOW}, ${SEED_NOW}
    FROM unnest(${KINDS}) WITH ORDINALITY AS k(kind, n);

    INSERT INTO price_types (id, onec_id, onec_name, product_field, created_at)
    SELECT n, md5('price' || n)::uuid::text, name, field, ${SEED_NOW}
    FROM unnest(ARRAY['Розница','Опт 1','Опт 2','Опт 3','Тренерская','РРЦ'],
      ARRAY['retail_price','opt1_price','opt2_price','opt3_price','trainer_price','recommended_retail_price'])
      WITH ORDINALITY AS t(name, field, n);`);
  await client.query(
    `INSERT INTO products (id, name, slug, description, short_description, retail_price, opt1_price, opt2_price, opt3_price,
       trainer_price, recommended_retail_price, sku, stock_quantity, main_image, gallery_images, specifications, is_new, is_hit,
       onec_id, parent_onec_id, sync_status, last_sync_at, created_at, updated_at, brand_id, category_id)
     SELECT i, name, 'sku-' || i, repeat('Описание товара ' || good || '. ', 36), name, price, round(price * 0.9, 2),
       round(price * 0.85, 2), round(price * 0.8, 2), round(price * 0.88, 2), round(price * 1.1, 2), 'FS-' || lpad(i::text, 7, '0'),
       pg_temp.pick(i, 64, 100), 'products/' || good || '/main.jpg',
       jsonb_build_array('products/' || good || '/1.jpg', 'products/' || good || '/2.jpg'),
       jsonb_build_object('Цвет', color, 'Размер', 36 + i % 4 * 2), good % 20 = 0, good % 33 = 0,
       CASE WHEN i % 100 = 0 THEN md5('forgotten' || i)::uuid::text
         ELSE md5('good' || good)::uuid || '#' || md5('offer' || i)::uuid END,
       CASE WHEN i % 100 = 0 THEN NULL ELSE md5('good' || good)::uuid::text END,
       'synced', ${SEED_NOW}, ${SEED_NOW}, ${SEED_NOW}, 1 + good % 10, 2 + good % 10
     FROM (SELECT i, (i + 3) / 4 AS good, (${COLORS})[1 + pg_temp.pick((i + 3) / 4, 60, 8)] AS color,
         (${KINDS})[1 + ((i + 3) / 4) % 10] || ' ' || (i + 3) / 4 || ' '
           || (${COLORS})[1 + pg_temp.pick((i + 3) / 4, 60, 8)] || ' р. ' || (36 + i % 4 * 2) AS name,
         (100 + pg_temp.pick((i + 3) / 4, 61, 2000000) / 100.0)::numeric(10,2) AS price
       FROM generate_series(1, $1::bigint) i) fresh`,
    [count],
  );
  await client.query(
    `INSERT INTO product_images (id, product_id, image, is_main, sort_order, created_at, updated_at)
     SELECT row_number() OVER (ORDER BY p.id, n), p.id, 'products/' || p.id || '/' || n || '.jpg', n = 1, n, p.created_at, p.created_at
     FROM products p, generate_series(1, 2) n`,
  );
}
