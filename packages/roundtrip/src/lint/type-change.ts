import type { TypeName } from '@pgsql/types';
import { strings } from './relations.ts';

/** A type with its modifiers: varchar(50) is ['varchar', [50]]. */
interface Spelled {
  readonly base: string;
  readonly mods: readonly number[];
}

/** Spellings of `format_type` as the parser has them. */
const ALIASES: Readonly<Record<string, string>> = {
  'character varying': 'varchar',
  character: 'bpchar',
  integer: 'int4',
  bigint: 'int8',
  smallint: 'int2',
  'timestamp without time zone': 'timestamp',
  'timestamp with time zone': 'timestamptz',
  decimal: 'numeric',
  boolean: 'bool',
};

/** Types whose longer modifier holds all that a shorter one did. */
const LENGTHS = ['varchar', 'varbit', 'timestamp', 'timestamptz', 'time', 'timetz', 'interval'];

/**
 * Whether a change of type leaves the rows as they are: the same type, or one that holds all that was there (manual, ALTER TABLE, Notes).
 * The old type is the catalogue's; without it nobody knows.
 *
 * @example keepsRows('character varying(50)', typeNameOfText) // true
 */
export function keepsRows(oldType: string | undefined, newType: TypeName | undefined): boolean {
  if (oldType === undefined || newType === undefined) return false;
  const [from, to] = [spelledOut(oldType), spelled(newType)];
  if (from.base === to.base) {
    if (from.mods.join() === to.mods.join() || to.mods.length === 0) return true;
    const [oldLength, oldScale] = from.mods;
    const [newLength, newScale] = to.mods;
    if (oldLength === undefined || newLength === undefined) return false;
    if (LENGTHS.includes(to.base)) return newLength >= oldLength;
    return to.base === 'numeric' && newLength >= oldLength && (oldScale ?? 0) === (newScale ?? 0);
  }
  const texts = ['text', 'varchar'];
  return texts.includes(from.base) && texts.includes(to.base) && to.mods.length === 0;
}

function spelledOut(text: string): Spelled {
  const mods = /\(([\d,\s]+)\)/.exec(text)?.[1]?.split(',').map(Number) ?? [];
  const base = text
    .replace(/\([^)]*\)/, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return { base: ALIASES[base] ?? base, mods };
}

function spelled({ names, typmods = [], arrayBounds = [] }: TypeName): Spelled {
  const mods = typmods.flatMap((node) => ('A_Const' in node ? [node.A_Const.ival?.ival ?? 0] : []));
  return { base: `${strings(names).at(-1) ?? ''}${arrayBounds.length > 0 ? '[]' : ''}`, mods };
}
