import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';

const FOLDER = path.resolve(import.meta.dirname, '../../../artifacts/browser');
let announced = false;

/**
 * Keeps a picture of the whole page in `artifacts/browser`, which git ignores, and says once where they are.
 *
 * @example await keepScreenshot(page, 'storefront-product');
 */
export async function keepScreenshot(page: Page, name: string): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  if (!announced) process.stderr.write(`screenshots: ${FOLDER}\n`);
  announced = true;
  await page.screenshot({ path: path.join(FOLDER, `${name}.png`), fullPage: true });
}
