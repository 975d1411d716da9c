import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import type { AskedOrder, OrderingOptions } from './ordering.ts';

const PATIENCE_MS = 30_000;
const ASK_AGAIN_MS = 10;
/** Created now, or by an earlier attempt whose answer was lost. */
const ACKNOWLEDGED = [201, 200];

const { baseUrl, skuIds, customers, ordersPerSecond } = workerData as OrderingOptions;
const stopping = new AbortController();
parentPort?.once('message', () => stopping.abort());
const asked: AskedOrder[] = [];
await Promise.all(Array.from({ length: customers }, (_, customer) => orderUntilStopped(customer)));
parentPort?.postMessage(asked);

async function orderUntilStopped(customer: number): Promise<void> {
  const pauseMs = (1_000 * customers) / ordersPerSecond;
  // Spread evenly, so that somebody is at the till at every moment.
  await sleep((pauseMs * customer) / customers);
  for (let turn = 0; !stopping.signal.aborted; turn += 1) {
    const startedMs = Date.now();
    const order = await askForOne(
      `night-customer-${customer}-order-${turn}`,
      skuIds[(turn * customers + customer) % skuIds.length],
    );
    asked.push(order);
    const restMs = startedMs + pauseMs - Date.now();
    if (restMs > 0) await sleep(restMs, undefined, { signal: stopping.signal }).catch(() => undefined);
  }
}

async function askForOne(key: string, skuId: number | undefined): Promise<AskedOrder> {
  const askedAtMs = Date.now();
  for (;;) {
    const answer = await ask(key, skuId).catch((error: unknown) => ({ status: 0, text: String(error) }));
    const { status, text } = answer;
    if (ACKNOWLEDGED.includes(status)) {
      const { order_number: number } = JSON.parse(text) as { order_number: string };
      return { number, askedAtMs, answeredAtMs: Date.now() };
    }
    // The shelf is empty for this SKU: a customer takes another.
    if (text.includes('"shortages"')) return { number: null, askedAtMs, answeredAtMs: Date.now() };
    if (Date.now() - askedAtMs > PATIENCE_MS)
      throw new Error(`order ${key} was not taken: ${status} ${text}`);
    await sleep(ASK_AGAIN_MS);
  }
}

async function ask(key: string, skuId: number | undefined): Promise<{ status: number; text: string }> {
  const response = await fetch(`${baseUrl}/api/orders/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({
      customer_name: 'Ночной покупатель',
      customer_email: `${key}@example.com`,
      customer_phone: '+79990000001',
      delivery_address: 'Москва, Арбат 2',
      delivery_method: 'courier',
      payment_method: 'card',
      notes: '',
      items: [{ sku_id: skuId, quantity: 1 }],
    }),
  });
  return { status: response.status, text: await response.text() };
}
