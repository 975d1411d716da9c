import type { Node, RangeVar } from '@pgsql/types';

/** "public.orders" of a relation as the parser has it; what has no schema is taken to be in public, or PostgreSQL's own. */
export function relationName({ schemaname, relname = '' }: RangeVar): string {
  return `${schemaname ?? (relname.startsWith('pg_') ? 'pg_catalog' : 'public')}.${relname}`;
}

/** "public.orders" of a name in parts, as DROP and COMMENT have it; `drop` of its last parts are no part of the relation's. */
export function qualifiedName(parts: readonly string[], drop = 0): string {
  const own = parts.slice(0, parts.length - drop);
  return own.length < 2 ? `public.${own.join('.')}` : own.slice(-2).join('.');
}

/** The strings of a list of nodes: a name in its parts. */
export function nameParts(node: Node | undefined): readonly string[] {
  if (node === undefined) return [];
  if ('List' in node) return strings(node.List.items);
  if ('TypeName' in node) return strings(node.TypeName.names);
  return 'String' in node ? [node.String.sval ?? ''] : [];
}

/** The texts of String nodes. */
export function strings(nodes: readonly Node[] | undefined): readonly string[] {
  return (nodes ?? []).flatMap((node) => ('String' in node ? [node.String.sval ?? ''] : []));
}

/** Every relation that is named anywhere in a node, names of its WITH queries left out. */
export function relationsIn(node: unknown): readonly string[] {
  const found = new Set<string>();
  const withQueries = new Set<string>();
  walk(node, (part) => {
    if (typeof part.ctename === 'string') withQueries.add(`public.${part.ctename}`);
    if (typeof part.relname === 'string' && 'relpersistence' in part)
      found.add(relationName(part as unknown as RangeVar));
  });
  return [...found].filter((name) => !withQueries.has(name));
}

/** Calls `visit` with every object in a tree of plain data. */
export function walk(node: unknown, visit: (part: Readonly<Record<string, unknown>>) => void): void {
  if (Array.isArray(node)) {
    for (const each of node) walk(each, visit);
    return;
  }
  if (node === null || typeof node !== 'object') return;
  visit(node as Readonly<Record<string, unknown>>);
  for (const each of Object.values(node)) walk(each, visit);
}
