import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import { type MergeContext, run } from './merge-context.ts';

/** Brings properties and their dictionaries to what the exchange says; what it does not name stays. */
export async function mergePropertyDictionaries(context: MergeContext): Promise<void> {
  await run(
    context,
    `INSERT INTO properties (onec_id, name, value_type)
     SELECT id, left(name, 255), left(coalesce(value_type, ''), 50) FROM ${S}.properties s
     WHERE NOT EXISTS (SELECT 1 FROM properties p WHERE p.onec_id = s.id) ORDER BY ord`,
  );
  await run(
    context,
    `UPDATE properties p SET name = left(s.name, 255), value_type = left(coalesce(s.value_type, ''), 50),
       updated_at = now()
     FROM ${S}.properties s WHERE s.id = p.onec_id
       AND (p.name, p.value_type) IS DISTINCT FROM (left(s.name, 255), left(coalesce(s.value_type, ''), 50))`,
  );
  await run(
    context,
    `INSERT INTO property_values (property_id, onec_id, value)
     SELECT p.id, s.id, s.value FROM ${S}.property_values s JOIN properties p ON p.onec_id = s.property_id
     WHERE s.id <> '' AND NOT EXISTS (
       SELECT 1 FROM property_values v WHERE v.property_id = p.id AND v.onec_id = s.id) ORDER BY s.ord`,
  );
  await run(
    context,
    `UPDATE property_values v SET value = s.value, updated_at = now()
     FROM ${S}.property_values s JOIN properties p ON p.onec_id = s.property_id
     WHERE v.property_id = p.id AND v.onec_id = s.id AND v.value IS DISTINCT FROM s.value`,
  );
}

/** How 1C writes "nothing" in a property value: nil reference, empty number, empty date, placeholder. */
const EMPTY_VALUES = `('', '-', '00000000-0000-0000-0000-000000000000', '-999999999.9', '0001-01-01T00:00:00')`;

/**
 * Brings the property values of the staged goods to what the exchange says. Values of properties that nobody has
 * declared are left out, with one warning a property.
 */
export async function mergeProductProperties(context: MergeContext): Promise<void> {
  const { counters } = context;
  await run(
    context,
    `CREATE UNLOGGED TABLE ${S}.product_properties AS
     SELECT g.product_id, p.id AS property_id,
       (row_number() OVER (PARTITION BY g.product_id, p.id ORDER BY gp.seq) - 1)::int2 AS position,
       v.id AS value_id, coalesce(v.value, gp.value) AS value
     FROM (SELECT ctid AS seq, * FROM ${S}.good_properties) gp
       JOIN ${S}.good_products g ON g.onec_id = gp.good_id AND g.ord = gp.ord
       JOIN properties p ON p.onec_id = gp.property_id
       LEFT JOIN property_values v ON v.property_id = p.id AND v.onec_id = gp.value
     WHERE gp.value NOT IN ${EMPTY_VALUES}`,
  );
  if (context.fresh) {
    counters.propertyRows += await run(
      context,
      `INSERT INTO product_properties (product_id, property_id, position, value_id, value)
       SELECT product_id, property_id, position, value_id, value FROM ${S}.product_properties`,
    );
  } else {
    await run(context, `ANALYZE ${S}.product_properties`);
    counters.propertyRows += await run(
      context,
      `DELETE FROM product_properties pp USING ${S}.good_products g
       WHERE pp.product_id = g.product_id AND NOT EXISTS (
         SELECT 1 FROM ${S}.product_properties s WHERE s.product_id = pp.product_id
           AND s.property_id = pp.property_id AND s.position = pp.position)`,
    );
    counters.propertyRows += await run(
      context,
      `UPDATE product_properties pp SET value_id = s.value_id, value = s.value FROM ${S}.product_properties s
       WHERE s.product_id = pp.product_id AND s.property_id = pp.property_id AND s.position = pp.position
         AND (pp.value_id, pp.value) IS DISTINCT FROM (s.value_id, s.value)`,
    );
    counters.propertyRows += await run(
      context,
      `INSERT INTO product_properties (product_id, property_id, position, value_id, value)
       SELECT s.product_id, s.property_id, s.position, s.value_id, s.value FROM ${S}.product_properties s
       WHERE NOT EXISTS (SELECT 1 FROM product_properties pp WHERE pp.product_id = s.product_id
         AND pp.property_id = s.property_id AND pp.position = s.position)`,
    );
  }
  await run(
    context,
    `INSERT INTO ${S}.warnings (code, subject, message)
     SELECT 'unknown-property', property_id, count(*) || ' values of a property that no exchange has declared'
     FROM ${S}.good_properties gp
     WHERE NOT EXISTS (SELECT 1 FROM properties p WHERE p.onec_id = gp.property_id) GROUP BY property_id`,
  );
}
