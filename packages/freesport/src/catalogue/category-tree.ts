import type { Queryable } from '../database/database.ts';

/** One active category; roots have no parent. */
export interface Category {
  readonly id: number;
  readonly name: string;
  readonly slug: string;
  readonly parent_id: number | null;
  readonly sort_order: number;
}

/** How long the tree is remembered: an import changes it once a night. */
const TREE_AGE_MAX_MS = 5_000;

/**
 * The category tree, which is the same table in both releases. It is small and asked for by every list, so it is read
 * at most every five seconds.
 *
 * @example
 * const ids = await tree.subtree('begovye-krossovki'); // the category's own id and those below it
 */
export class CategoryTree {
  readonly #database: Queryable;
  #read: { readonly at: number; readonly categories: Promise<readonly Category[]> } | undefined;

  constructor(database: Queryable) {
    this.#database = database;
  }

  /** In the order people read them: by `sort_order`, then name. */
  async all(): Promise<readonly Category[]> {
    const now = performance.now();
    if (this.#read === undefined || now - this.#read.at > TREE_AGE_MAX_MS) {
      const categories = this.#database.query<Category & Record<string, unknown>>(
        'SELECT id, name, slug, parent_id, sort_order FROM categories WHERE is_active ORDER BY sort_order, name, id',
      );
      const read = { at: now, categories };
      this.#read = read;
      // A failed read is not remembered; its own caller sees the error.
      categories.catch(() => {
        if (this.#read === read) this.#read = undefined;
      });
    }
    return await this.#read.categories;
  }

  /** Ids of the category and of everything below it; empty where the slug is unknown. A cycle ends the walk. */
  async subtree(slug: string): Promise<number[]> {
    const categories = await this.all();
    const root = categories.find((category) => category.slug === slug);
    if (root === undefined) return [];
    const children = Map.groupBy(categories, (category) => category.parent_id);
    const ids = new Set([root.id]);
    for (const id of ids) for (const child of children.get(id) ?? []) ids.add(child.id);
    return [...ids];
  }
}
