import { STAGING_SCHEMA as S } from '../staging/staging-schema.ts';
import { type MergeContext, run } from './merge-context.ts';

/**
 * Whether an offer that is not in the exchange is none any more.
 *
 * @example if (absenceOfOffersIsProven(context)) await deactivateMissing(context);
 */
export function absenceOfOffersIsProven({ mode, summary, fresh }: MergeContext): boolean {
  return mode === 'full' && !fresh && summary.coverage.offer === 'full';
}

/**
 * Deactivates what a full export no longer contains. Only a section that says "full" (or says nothing) can prove
 * absence, and only one that holds something: an empty folder of goods deactivates nothing.
 *
 * @returns What was decided, as a sentence for the session.
 */
export async function deactivateAbsent(context: MergeContext): Promise<string> {
  const { mode, summary, counters } = context;
  if (mode !== 'full') return 'Nothing is deactivated by absence: the import was not asked to (--full).';
  if (context.fresh) return 'Nothing is deactivated by absence: the catalogue was empty.';
  const notes: string[] = [];
  if (summary.coverage.good === 'full') {
    const products = await run(
      context,
      `UPDATE products p SET sync_status = 'deleted', updated_at = now()
       WHERE p.sync_status <> 'deleted' AND p.onec_id IS NOT NULL
         AND EXISTS (SELECT 1 FROM product_variants v WHERE v.product_id = p.id)
         AND NOT EXISTS (SELECT 1 FROM ${S}.goods g WHERE g.id = p.onec_id)`,
    );
    notes.push(`${products} products are no longer in the full export.`);
  } else {
    notes.push(`No product is deactivated by absence: ${unproven(summary.coverage.good)}.`);
  }
  if (summary.coverage.offer === 'full') {
    const variants = await run(
      context,
      `UPDATE product_variants v SET is_active = false, updated_at = now()
       WHERE v.is_active AND NOT v.is_default AND NOT EXISTS (SELECT 1 FROM ${S}.offers o WHERE o.id = v.onec_id)`,
    );
    counters.deactivated += variants;
    notes.push(`${variants} variants are no longer in the full export and were deactivated.`);
  } else {
    notes.push(`No variant is deactivated by absence: ${unproven(summary.coverage.offer)}.`);
  }
  return notes.join(' ');
}

function unproven(coverage: 'changes' | undefined): string {
  return coverage === undefined
    ? 'the exchange holds none of these records'
    : 'its section is marked СодержитТолькоИзменения=true'; // As every export of the shop is, even a full one.
}
