import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { prometheusRules, writePrometheusRules } from '../../src/services/prometheus-rules.ts';
import { storyMatrix } from '../../src/watch/matrix.ts';
import { queryPrometheus } from '../../src/watch/probes/prometheus-api.ts';
import { prometheusProbe } from '../../src/watch/probes/prometheus-probe.ts';
import type { PrometheusSource } from '../../src/watch/watch-plan.ts';
import type { SourceReading } from '../../src/watch/watch-sample.ts';
import { ALARM_WINDOWS } from '../../src/watch/windows.ts';
import { freePort } from './free-port.ts';
import { type RealProgram, startProgram } from './real-program.ts';
import { daemonFolder } from './unprivileged.ts';

const folder = daemonFolder('prometheus');
const programs: RealProgram[] = [];
/** What the shop would export. */
const counted = { ok: 1000, failed: 0, fast: 900, slow: 100 };
let isBroken = false;
const shop = createServer((_request, response) => {
  if (isBroken) {
    response.statusCode = 500;
    response.end();
    return;
  }
  const all = counted.fast + counted.slow;
  const failed = counted.failed === 0 ? '' : `http_requests_total{status="500"} ${counted.failed}\n`;
  response.setHeader('content-type', 'text/plain; version=0.0.4');
  response.end(`# TYPE http_requests_total counter
http_requests_total{status="200"} ${counted.ok}
${failed}# TYPE http_seconds histogram
http_seconds_bucket{le="0.1"} ${counted.fast}
http_seconds_bucket{le="0.5"} ${counted.fast}
http_seconds_bucket{le="2"} ${all}
http_seconds_bucket{le="+Inf"} ${all}
http_seconds_sum ${all}
http_seconds_count ${all}
`);
});
let source: PrometheusSource;
const signal = new AbortController().signal;

/** Reads until a condition holds; what was read on the way is added up, as a watch does. */
async function readUntil(
  reader: ReturnType<typeof prometheusProbe>,
  done: (total: { requests: number; errors: number; over: number }, reading: SourceReading) => boolean,
) {
  const total = { requests: 0, errors: 0, over: 0 };
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; await delay(100)) {
    const reading = await reader.read({ signal, probes: 0 });
    if (!('missing' in reading)) {
      total.requests += reading.requests ?? 0;
      total.errors += reading.errors ?? 0;
      for (const [from, , count] of reading.latency ?? []) if (from >= 500) total.over += count;
    }
    if (done(total, reading)) return { total, reading };
  }
  throw new Error(`not read within 30 s: ${JSON.stringify(total)}`);
}

before(async () => {
  await new Promise<void>((resolve) => shop.listen(0, '127.0.0.1', resolve));
  const [port, nodePort] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  source = {
    kind: 'prometheus',
    name: 'shop',
    url,
    requests: 'http_requests_total{job="shop"}',
    errorsWhere: { label: 'status', matches: '5..' },
    buckets: 'http_seconds_bucket{job="shop"}',
  };
  const goals = [{ metric: 'errorRate', max: 0.01 } as const, { metric: 'cpu', max: 0.8 } as const];
  const plan = { durationMs: 86_400_000, intervalMs: 10_000, sources: [source], goals };
  const rules = prometheusRules({ plan, matrix: storyMatrix(), windows: ALARM_WINDOWS });
  await writePrometheusRules({ file: path.join(folder, 'roundtrip.yml'), rules });
  mkdirSync(path.join(folder, 'data'));
  writeFileSync(
    path.join(folder, 'prometheus.yml'),
    `global: { scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 500ms }
rule_files: [roundtrip.yml]
scrape_configs:
  - job_name: shop
    static_configs: [{ targets: ['127.0.0.1:${(shop.address() as AddressInfo).port}'] }]
  - job_name: node
    static_configs: [{ targets: ['127.0.0.1:${nodePort}'] }]
`,
  );
  const answers = (address: string) => async () => {
    const { ok, status } = await fetch(address);
    if (!ok) throw new Error(`${address}: ${status}`);
  };
  programs.push(
    await startProgram({
      argv: ['prometheus-node-exporter', `--web.listen-address=127.0.0.1:${nodePort}`],
      ready: answers(`http://127.0.0.1:${nodePort}/metrics`),
    }),
    await startProgram({
      argv: [
        'prometheus',
        `--config.file=${folder}/prometheus.yml`,
        `--storage.tsdb.path=${folder}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      ready: answers(`${url}/-/ready`),
    }),
  );
  await readUntil(prometheusProbe(source, { limitsMs: [500] }), (_total, reading) => !('missing' in reading));
});
after(async () => {
  for (const program of programs) await program.stop();
  shop.closeAllConnections();
  shop.close();
  rmSync(folder, { recursive: true });
});

describe('a real Prometheus server', () => {
  it('is read in whole requests: a counter that grew, and one that was born since', async () => {
    const reader = prometheusProbe(source, { limitsMs: [500] });
    await reader.read({ signal, probes: 0 });
    counted.ok += 190;
    counted.failed += 10;
    counted.fast += 150;
    counted.slow += 50;
    const { total } = await readUntil(reader, ({ requests, over }) => requests >= 200 && over >= 50);
    assert.deepEqual(total, { requests: 200, errors: 10, over: 50 });
  });

  it('has no data of a target that cannot be scraped, and counts the time between once it can be', async () => {
    const reader = prometheusProbe(source, { limitsMs: [500] });
    await reader.read({ signal, probes: 0 });
    isBroken = true;
    // One read is three queries: between them the histogram may be gone before the counter is.
    await readUntil(
      reader,
      (_total, each) => 'missing' in each && each.missing.startsWith('no series for http_requests_total'),
    );
    counted.ok += 70;
    isBroken = false;
    const { total } = await readUntil(reader, ({ requests }) => requests >= 70);
    assert.equal(total.requests, 70);
  });

  it('is told from one that takes no such query', async () => {
    const reader = prometheusProbe({ ...source, requests: 'http requests' }, { limitsMs: [500] });
    await assert.rejects(reader.read({ signal, probes: 0 }), {
      code: 'prometheus-refused',
      message: /parse error/,
    });
  });

  it('is refused a histogram that ends at the limit', async () => {
    await assert.rejects(prometheusProbe(source, { limitsMs: [2000] }).read({ signal, probes: 0 }), {
      code: 'histogram-blind',
    });
  });

  it('loads and evaluates the rules of the watch, over node-exporter too', async () => {
    for (const deadline = Date.now() + 20_000; ; await delay(200)) {
      const { data } = (await (await fetch(`${source.url}/api/v1/rules`)).json()) as {
        data: { groups: { name: string; rules: { name: string; health: string; lastError?: string }[] }[] };
      };
      const rules = data.groups.flatMap((group) => group.rules);
      if (rules.some(({ health }) => health === 'unknown') && Date.now() < deadline) continue;
      assert.deepEqual(
        data.groups.map(({ name }) => name),
        ['roundtrip-shop'],
      );
      assert.deepEqual(
        rules.filter(({ health }) => health !== 'ok'),
        [],
      );
      assert.ok(rules.some(({ name }) => name === 'RoundtripCpu'));
      break;
    }
    const [up] = await queryPrometheus({ url: source.url, query: 'up{job="node"}', signal });
    assert.equal(up?.value, 1);
    const idle = 'count(node_cpu_seconds_total{mode="idle"}) and count(node_memory_MemAvailable_bytes)';
    assert.equal((await queryPrometheus({ url: source.url, query: idle, signal })).length, 1);
  });
});
