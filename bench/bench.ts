import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import type { Bar } from './bar.ts';

/** A benchmark: what it compares, and how it is run. Each measures its peers in the same run. */
interface Benchmark {
  readonly about: string;
  run(options: { readonly size: number | undefined }): Promise<readonly Bar[]>;
}

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  api: {
    about: "the shop's API under 50 clients, with the reference catalogue; size: products",
    run: async ({ size }) =>
      (await import('./api.ts')).benchApi(size === undefined ? {} : { products: size }),
  },
  backup: {
    about: "dump and verified restore against the story's pg_dump -Fc; size: orders",
    run: async ({ size }) =>
      (await import('./backup.ts')).benchBackup(size === undefined ? {} : { orders: size }),
  },
  fingerprint: {
    about: 'fingerprints against reading every column and md5(string_agg); size: rows',
    run: async ({ size }) =>
      (await import('./fingerprint.ts')).benchFingerprint(size === undefined ? {} : { rows: size }),
  },
  parser: {
    about: "the CommerceML reader against npm's XML parsers and xmllint; size: goods",
    run: async ({ size }) => {
      const { benchParser, formatParserResults } = await import('./parser.ts');
      const result = await benchParser({ goods: size ?? 20_000, offersPerGood: 10 });
      console.error(formatParserResults(result));
      return result.bars;
    },
  },
  import: {
    about: "1C import against raw COPY with a bare merge, and against the original's way; size: offers",
    run: async ({ size }) => (await import('./import.ts')).benchImport({ size }),
  },
  switch: {
    about: 'gaps of writers at the switch to a copy and at the rollback; size: orders',
    run: async ({ size }) =>
      (await import('./switch.ts')).benchSwitch(size === undefined ? {} : { orders: size }),
  },
  watch: {
    about: 'simulated watches of 24 h; size: watches of each kind',
    run: async ({ size }) => {
      const { benchWatch } = await import('./watch.ts');
      const { bars, results } = benchWatch(size === undefined ? {} : { runs: size });
      for (const result of results) console.error(JSON.stringify(result));
      return bars;
    },
  },
};

const USAGE = 'script/bench NAME [--json] [--size N]';

const { values, positionals } = readArguments();
const [name] = positionals;
const benchmark = name === undefined ? undefined : BENCHMARKS[name];
if (values.help || name === undefined || benchmark === undefined) {
  const unknown = name !== undefined && benchmark === undefined;
  if (unknown) console.error(`there is no benchmark "${name}"; there are`);
  else if (values.help) console.error(USAGE);
  const shown = benchmark === undefined ? Object.entries(BENCHMARKS) : [[name, benchmark] as const];
  for (const [each, { about }] of shown) console.error(`${each?.padEnd(12)} ${about}`);
  process.exitCode = unknown ? 2 : 0;
} else if (values.size !== undefined && !/^[1-9]\d*$/.test(values.size)) {
  console.error(`--size wants a whole number, not "${values.size}"; here it counts: ${benchmark.about}`);
  process.exitCode = 2;
} else {
  const bars = await benchmark.run({ size: values.size === undefined ? undefined : Number(values.size) });
  if (!values.json)
    for (const bar of bars)
      console.log(
        `${bar.holds ? 'holds' : 'FALLS SHORT'}  ${bar.name}: ${round(bar.value)} ${bar.unit} (${bar.direction} ${bar.limit})`,
      );
  const machine = {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
  };
  console.log(JSON.stringify({ bench: name, machine, bars }));
  process.exitCode = bars.every((bar) => bar.holds) ? 0 : 1;
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        json: { type: 'boolean', default: false },
        size: { type: 'string' },
      },
    });
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    return process.exit(2);
  }
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
