import axe from 'axe-core';
import type { Page } from 'playwright-core';

/**
 * What axe finds in a page as it is drawn, contrast included: one line a violation, with the first element that has
 * it. WCAG 2.2 A and AA and axe's good practice.
 *
 * @example assert.deepEqual(await accessibilityProblems(page), []);
 */
export async function accessibilityProblems(page: Page): Promise<readonly string[]> {
  // Evaluated by the debugger: a strict content policy allows no script element for it.
  await page.evaluate(`${axe.source}; undefined`);
  const found = (await page.evaluate('axe.run(document, { resultTypes: ["violations"] })')) as {
    readonly violations: readonly {
      readonly id: string;
      readonly help: string;
      readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
    }[];
  };
  return found.violations.map(
    ({ id, help, nodes }) =>
      `${id}: ${help} (${nodes.length}): ${nodes[0]?.html.slice(0, 160)} ${nodes[0]?.failureSummary ?? ''}`,
  );
}
