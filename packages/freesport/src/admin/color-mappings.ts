import type { Queryable } from '../database/database.ts';
import { ShopError } from '../errors.ts';

/** One row of color_mappings with how many active variants use it. */
export interface ColorMapping extends Record<string, unknown> {
  readonly id: number;
  readonly name: string;
  /** `#RRGGBB`. */
  readonly hex_code: string;
  readonly swatch_image: string;
  readonly is_base: boolean;
  readonly variants: number;
}

/** A colour seen in 1C that has no mapping: customers see its name without a swatch. */
export interface UnmappedColor extends Record<string, unknown> {
  readonly name: string;
  readonly variants: number;
}

/** The same folding as `color_mappings.normalized_name`. */
const FOLDED = `lower(translate(v.color_name, 'АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯё', 'абвгдеежзийклмнопрстуфхцчшщъыьэюяе'))`;

/** Every mapping, base colours first. */
export async function colorMappings(db: Queryable): Promise<ColorMapping[]> {
  return await db.query<ColorMapping>(
    `SELECT m.id, m.name, m.hex_code, m.swatch_image, m.is_base, coalesce(used.variants, 0)::int AS variants
     FROM color_mappings m LEFT JOIN (SELECT ${FOLDED} AS key, count(*) AS variants FROM product_variants v
       WHERE v.color_name <> '' GROUP BY 1) used ON used.key = m.normalized_name
     ORDER BY m.is_base DESC, m.name`,
  );
}

/** Colours of active variants without a mapping, the most used first. */
export async function unmappedColors(db: Queryable): Promise<UnmappedColor[]> {
  return await db.query<UnmappedColor>(
    `SELECT min(v.color_name) AS name, count(*)::int AS variants FROM product_variants v
     WHERE v.is_active AND v.color_name <> ''
       AND NOT EXISTS (SELECT 1 FROM color_mappings m WHERE m.normalized_name = ${FOLDED})
     GROUP BY ${FOLDED} ORDER BY variants DESC, name LIMIT 500`,
  );
}

/**
 * Adds a mapping, or changes the one with `id`. A base colour keeps its name.
 *
 * @throws ShopError `conflict` where the name (in any spelling) is taken, `not-found` for an unknown id.
 * @example
 * await saveColorMapping(db, { name: 'Хаки', hexCode: '#806B2A', swatchImage: '' });
 */
export async function saveColorMapping(
  db: Queryable,
  mapping: {
    readonly id?: number | undefined;
    readonly name: string;
    readonly hexCode: string;
    readonly swatchImage: string;
  },
): Promise<void> {
  const name = mapping.name.trim();
  if (name === '') throw new ShopError('invalid', 'Цвету нужно название. / A colour needs a name.');
  try {
    if (mapping.id === undefined) {
      await db.query('INSERT INTO color_mappings (name, hex_code, swatch_image) VALUES ($1, $2, $3)', [
        name,
        mapping.hexCode.toUpperCase(),
        mapping.swatchImage,
      ]);
      return;
    }
    const rows = await db.query(
      `UPDATE color_mappings SET name = CASE WHEN is_base THEN name ELSE $2 END, hex_code = $3, swatch_image = $4,
         updated_at = now() WHERE id = $1 RETURNING id`,
      [mapping.id, name, mapping.hexCode.toUpperCase(), mapping.swatchImage],
    );
    if (rows.length === 0) throw new ShopError('not-found', `there is no colour mapping ${mapping.id}`);
  } catch (cause) {
    if ((cause as { code?: unknown }).code === '23505') {
      throw new ShopError('conflict', `Цвет «${name}» уже есть. / The colour "${name}" is there already.`, {
        cause,
      });
    }
    throw cause;
  }
}

/** @throws ShopError `refused` for a base colour or an unknown id. */
export async function deleteColorMapping(db: Queryable, id: number): Promise<void> {
  const rows = await db.query('DELETE FROM color_mappings WHERE id = $1 AND NOT is_base RETURNING id', [id]);
  if (rows.length === 0) {
    throw new ShopError('refused', 'Базовые цвета не удаляются. / Base colours are not deleted.');
  }
}
