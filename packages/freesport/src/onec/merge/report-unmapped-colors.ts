import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import { type MergeContext, run } from './merge-context.ts';

/** The key of a colour, as `color_mappings.normalized_name` makes it. */
const COLOR_KEY = `lower(translate(trim(color), 'АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯё', 'абвгдеежзийклмнопрстуфхцчшщъыьэюяе'))`;

/** Records each colour of the exchange that has no swatch, so that the admin can list and map it. */
export async function reportUnmappedColors(context: MergeContext): Promise<void> {
  await run(
    context,
    `INSERT INTO ${S}.warnings (code, subject, message)
     SELECT 'color-without-mapping', min(color), sum(n) || ' variants have a colour without a mapping'
     FROM (SELECT color, count(*) AS n FROM (SELECT color FROM ${S}.offers UNION ALL SELECT color FROM ${S}.default_offers) c
       WHERE color <> '' GROUP BY color) colors
     WHERE NOT EXISTS (SELECT 1 FROM color_mappings m WHERE m.normalized_name = ${COLOR_KEY})
     GROUP BY ${COLOR_KEY}`,
  );
}
