import type { Page } from 'playwright-core';
import { type ServedDashboard, serveDashboard } from '../../src/dashboard/server/serve-dashboard.ts';
import { createRedactor } from '../../src/process/redact.ts';

/** Serves a state folder on any free port, as `roundtrip serve` does. */
export function serveState(stateRoot: string, port = 0): Promise<ServedDashboard> {
  return serveDashboard({
    stateRoot,
    host: '127.0.0.1',
    port,
    redactorFor: () => createRedactor(['s3cret/canary']),
    now: () => new Date(),
  });
}

/** The state column of a step's row, once it says what is expected. */
export async function waitForState(page: Page, title: string, state: string): Promise<void> {
  await page
    .locator('tr.step', { has: page.getByRole('button', { name: title }) })
    .locator('td.state', { hasText: state })
    .waitFor();
}
