import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { prometheusRules, writePrometheusRules } from '../../src/services/prometheus-rules.ts';
import { storyMatrix } from '../../src/watch/matrix.ts';
import type { PrometheusSource, WatchPlan } from '../../src/watch/watch-plan.ts';
import { ALARM_WINDOWS } from '../../src/watch/windows.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'rules-'));
after(() => rmSync(folder, { recursive: true }));
const file = path.join(folder, 'roundtrip.yml');
const SOURCE: PrometheusSource = {
  kind: 'prometheus',
  name: 'shop',
  url: 'http://127.0.0.1:9090',
  requests: 'http_requests_total{job="shop"}',
  errorsWhere: { label: 'status', matches: '5..' },
  buckets: 'http_seconds_bucket{job="shop"}',
};
const PLAN: WatchPlan = {
  durationMs: 86_400_000,
  intervalMs: 10_000,
  sources: [SOURCE],
  goals: [
    { metric: 'errorRate', max: 0.01 },
    { metric: 'latencyMs', quantile: 0.95, max: 500 },
    { metric: 'cpu', max: 0.8 },
    { metric: 'memory', max: 0.8 },
  ],
};
const rules = prometheusRules({ plan: PLAN, matrix: storyMatrix(), windows: ALARM_WINDOWS });

/** The alerts that fire after an hour of series in promtool's notation, a value a minute; rows of the matrix by their id. */
async function firing(series: Readonly<Record<string, string>>): Promise<string[]> {
  await writePrometheusRules({ file, rules });
  const test = path.join(folder, 'test.yml');
  const alerts = new Set([...rules.matchAll(/- alert: "(\w+)"/g)].map(([, name]) => name ?? ''));
  const input = Object.entries(series).map(
    ([name, values]) =>
      `      - series: ${JSON.stringify(name)}\n        values: ${JSON.stringify(values)}\n`,
  );
  const none = [...alerts].map((alert) => `      - { eval_time: 1h, alertname: ${alert}, exp_alerts: [] }\n`);
  writeFileSync(
    test,
    `rule_files: [${JSON.stringify(file)}]
evaluation_interval: 1m
tests:
  - interval: 1m
    input_series:
${input.join('')}    alert_rule_test:
${none.join('')}`,
  );
  try {
    execFileSync('promtool', ['test', 'rules', test], { stdio: 'pipe' });
    return [];
  } catch (error) {
    // None is expected, so that promtool shows all that fired as failures; anything else it says is an error of ours.
    const said =
      String((error as { stdout?: Buffer }).stdout) + String((error as { stderr?: Buffer }).stderr);
    assert.match(said, /exp:\[/, said);
    const fired = [...said.matchAll(/Labels:\{alertname="(\w+)"(?:.*?matrix="([a-z0-9-]+)")?/g)];
    return [
      ...new Set(fired.map(([, alert, row]) => (row === undefined ? `${alert}` : `${alert} ${row}`))),
    ].sort();
  }
}

const requests = (status: number) => `http_requests_total{job="shop",status="${status}"}`;
const bucket = (le: string) => `http_seconds_bucket{job="shop",le="${le}"}`;
const FAST = {
  [bucket('0.1')]: '0+990x60',
  [bucket('0.5')]: '0+995x60',
  [bucket('2')]: '0+1000x60',
  [bucket('+Inf')]: '0+1000x60',
};

describe('the rules of a watch', () => {
  it('are taken by promtool, one group a source, and are written once', async () => {
    assert.deepEqual(await writePrometheusRules({ file, rules }), { changed: true });
    assert.deepEqual(await writePrometheusRules({ file, rules }), { changed: false });
    const said = execFileSync('promtool', ['check', 'rules', file], { encoding: 'utf8' });
    assert.match(said, /SUCCESS: 10 rules found/);
    assert.match(rules, /name: "roundtrip-shop"/);
  });

  it('are silent while all is well', async () => {
    assert.deepEqual(await firing({ [requests(200)]: '0+1000x60', [requests(500)]: '0+2x60', ...FAST }), []);
  });

  it('say what an outage of 20 % is: the fast window, and the row that rolls back', async () => {
    assert.deepEqual(await firing({ [requests(200)]: '0+800x60', [requests(500)]: '0+200x60', ...FAST }), [
      'RoundtripErrorsFast',
      'RoundtripErrorsMedium',
      'RoundtripErrorsSlow',
      'RoundtripMatrix errors-above-5-percent',
    ]);
  });

  it('say what 3 % are: no outage, and the row that a human decides', async () => {
    assert.deepEqual(await firing({ [requests(200)]: '0+970x60', [requests(500)]: '0+30x60', ...FAST }), [
      'RoundtripErrorsSlow',
      'RoundtripMatrix errors-1-to-5-percent',
    ]);
  });

  it('say that there is no data, where nothing is counted and where there is no counter', async () => {
    assert.deepEqual(await firing({ [requests(200)]: '1000+0x60', ...FAST }), ['RoundtripNoData']);
    assert.deepEqual(await firing({ other: '1x60' }), ['RoundtripNoData']);
  });

  it('raise nothing by one error of three requests', async () => {
    assert.deepEqual(await firing({ [requests(200)]: '0x58 1 2', [requests(500)]: '0x58 0 1', ...FAST }), []);
  });

  it('tell slow answers, by the goal and by the row', async () => {
    const slow = {
      [bucket('0.1')]: '0+10x60',
      [bucket('0.5')]: '0+20x60',
      [bucket('2')]: '0+1000x60',
      [bucket('+Inf')]: '0+1000x60',
    };
    assert.deepEqual(await firing({ [requests(200)]: '0+1000x60', ...slow }), [
      'RoundtripSlow',
      'RoundtripSlow slow-responses',
    ]);
  });

  it('tell a busy host from what node-exporter counts', async () => {
    const busy = {
      'node_cpu_seconds_total{instance="a",mode="idle"}': '0+6x60',
      'node_cpu_seconds_total{instance="a",mode="user"}': '0+54x60',
      node_memory_MemAvailable_bytes: '10x60',
      node_memory_MemTotal_bytes: '100x60',
    };
    assert.deepEqual(await firing({ [requests(200)]: '0+1000x60', ...FAST, ...busy }), [
      'RoundtripCpu',
      'RoundtripMemory',
    ]);
  });
});

describe('rules that are refused', () => {
  it('leave the present file as it is, and nothing beside it', async () => {
    await writePrometheusRules({ file, rules });
    const broken = rules.replace('sum(increase', 'sum(increas');
    await assert.rejects(writePrometheusRules({ file, rules: broken }), {
      code: 'prometheus-rules-refused',
      message: /increas/,
    });
    assert.equal(readFileSync(file, 'utf8'), rules);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('.')),
      [],
    );
    const absent = path.join(folder, 'absent.yml');
    await assert.rejects(writePrometheusRules({ file: absent, rules: broken }), {
      code: 'prometheus-rules-refused',
    });
    assert.equal(existsSync(absent), false);
  });

  it('are those of a watch that asks no Prometheus, or asks it an expression', () => {
    const without = { ...PLAN, sources: [] };
    assert.throws(() => prometheusRules({ plan: without, matrix: [], windows: ALARM_WINDOWS }), {
      code: 'no-prometheus-source',
    });
    const expression = { ...PLAN, sources: [{ ...SOURCE, requests: 'sum(http_requests_total)' }] };
    assert.throws(() => prometheusRules({ plan: expression, matrix: [], windows: ALARM_WINDOWS }), {
      code: 'prometheus-selector-invalid',
    });
  });
});
