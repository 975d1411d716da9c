import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { findChromium } from './find-chromium.ts';

/** A browser with a visitor of its own for each page. */
export interface TestBrowser {
  readonly browser: Browser;
  /** A page with cookies of its own. Errors of its scripts and refusals of its content policy are collected. */
  visit(
    options?: BrowserContextOptions,
  ): Promise<{ readonly page: Page; readonly faults: readonly string[] }>;
  close(): Promise<void>;
}

/** Every wait in a page has this deadline: generous, since two suites may share two cores. */
const TIMEOUT_MS = 30_000;

/**
 * Starts the machine's Chromium.
 *
 * @throws Error from `findChromium`.
 * @example
 * const chromium = await openBrowser();
 * const { page, faults } = await chromium.visit({ locale: 'ru-RU' });
 */
export async function openBrowser(): Promise<TestBrowser> {
  const browser = await chromium.launch({
    executablePath: findChromium(),
    // Root in a container has no user namespaces for the sandbox; the pages are our own.
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
    timeout: TIMEOUT_MS,
  });
  return {
    browser,
    async visit(options = {}) {
      const context = await browser.newContext({
        viewport: { width: 1360, height: 900 },
        // Without a graphics card an animation is painted by the processor, sixty times a second.
        reducedMotion: 'reduce',
        ...options,
      });
      const page = await context.newPage();
      page.setDefaultTimeout(TIMEOUT_MS);
      const faults: string[] = [];
      page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
      page.on('console', (message) => {
        if (message.type() === 'error') faults.push(`console: ${message.text()}`);
      });
      return { page, faults };
    },
    close: () => browser.close(),
  };
}
