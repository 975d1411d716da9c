import type { Page } from 'playwright-core';

/**
 * Bytes that came over the wire for a page, headers included, by kind of resource ("script", "stylesheet",
 * "document", …). The page is loaded anew with an empty cache.
 *
 * @example (await transferredBytes(page, url)).script
 */
export async function transferredBytes(page: Page, url: string): Promise<Readonly<Record<string, number>>> {
  const sizes: Record<string, number> = {};
  const pending: Promise<void>[] = [];
  page.on('requestfinished', (request) => {
    pending.push(
      request.sizes().then(({ responseBodySize, responseHeadersSize }) => {
        const kind = request.resourceType();
        sizes[kind] = (sizes[kind] ?? 0) + responseBodySize + responseHeadersSize;
      }),
    );
  });
  await page.goto(url, { waitUntil: 'networkidle' });
  await Promise.all(pending);
  return sizes;
}
