/**
 * Resolves with the first of SIGTERM and SIGINT.
 *
 * @example
 * const signal = await firstSignal();
 */
export async function firstSignal(): Promise<'SIGTERM' | 'SIGINT'> {
  return await new Promise((resolve) => {
    process.once('SIGTERM', () => resolve('SIGTERM'));
    process.once('SIGINT', () => resolve('SIGINT'));
  });
}
