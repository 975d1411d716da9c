import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import { type MergeContext, run } from './merge-context.ts';

/** The key of a colour, as `color_mappings.normalized_name` makes it. */
const COLOR_KEY = `lower(translate(trim(color), 'АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯё', 'абвгдеежзийклмнопрстуфхцчшщъыьэюяе'))`;

/** A warning for each colour of the exchange that has no swatch. */
export const UNMAPPED_COLORS = `SELECT 'color-without-mapping' AS code, min(color) AS subject,
    sum(n) || ' variants have a colour without a mapping' AS message
  FROM (SELECT color, count(*) AS n FROM (SELECT color FROM ${S}.offers UNION ALL SELECT color FROM ${S}.default_offers) c
    WHERE color <> '' GROUP BY color) colors
  WHERE NOT EXISTS (SELECT 1 FROM color_mappings m WHERE m.normalized_name = ${COLOR_KEY})
  GROUP BY ${COLOR_KEY}`;

/** Records those colours, so that the admin can list and map them. */
export async function reportUnmappedColors(context: MergeContext): Promise<void> {
  await run(context, `INSERT INTO ${S}.warnings (code, subject, message) ${UNMAPPED_COLORS}`);
}
