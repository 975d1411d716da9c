import type { ReleaseVersion } from '../release.ts';
import type { ShopRelease } from './shop-release.ts';

/**
 * The composition of a release. Loaded on demand: a 13.3 tree does not hold the files of 13.4.
 *
 * @example
 * const release = await loadRelease(releaseVersion());
 */
export async function loadRelease(version: ReleaseVersion): Promise<ShopRelease> {
  const file = version === '13.3' ? './13-3.ts' : './13-4.ts';
  const module = (await import(file)) as { readonly shopRelease: ShopRelease };
  return module.shopRelease;
}
