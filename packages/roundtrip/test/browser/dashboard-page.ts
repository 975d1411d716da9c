import type { Page } from 'playwright-core';
import { type ServedDashboard, serveDashboard } from '../../src/dashboard/server/serve-dashboard.ts';
import { createRedactor } from '../../src/process/redact.ts';

/** Serves a state folder on any free port, as `roundtrip serve` does; at a moment of the recorded night where one is named. */
export function serveState(stateRoot: string, atMs?: number): Promise<ServedDashboard> {
  return serveDashboard({
    state: { root: stateRoot },
    host: '127.0.0.1',
    port: 0,
    redactorFor: () => createRedactor(['s3cret/canary']),
    now: () => (atMs === undefined ? new Date() : new Date(atMs)),
  });
}

/** The state column of a step's row, once it says what is expected. */
export async function waitForState(page: Page, title: string, state: string): Promise<void> {
  await page
    .locator('tr.step', { has: page.getByRole('button', { name: title }) })
    .locator('td.state', { hasText: state })
    .waitFor();
}
