import path from 'node:path';
import {
  backup,
  defineRunbook,
  deployRelease,
  flush,
  importCatalogue,
  maintenanceOff,
  maintenanceOn,
  migrate,
  proveTables,
  readTargets,
  returnStream,
  runCommand,
  smokeTest,
  startServices,
  stopServices,
  type Target,
  validate,
  wayBack,
} from '../../src/index.ts';

/** A service that is a file: started, it is there. */
function fileService(target: Target, name: string) {
  const file = path.join(target.settings.folder ?? '', `${name}.running`);
  return {
    name,
    start: ['touch', file],
    stop: ['rm', '-f', file],
    status: ['sh', '-c', 'test -e "$0" || exit 3', file],
  };
}

/** An SKU that was born after the switch gets a place in the old schema. */
export const BORN_LATER = [
  {
    table: 'products',
    sql: "INSERT INTO products SELECT DISTINCT product_id, 'born later', 0 FROM order_items i WHERE NOT EXISTS (SELECT FROM products p WHERE p.id = i.product_id)",
  },
];

/** SQL through psql, as an application's own command would run it. */
export function toySql(target: Target, file: string): { argv: string[] } {
  return {
    argv: [
      'psql',
      '-X',
      '-q',
      '-v',
      'ON_ERROR_STOP=1',
      '-1',
      '-f',
      path.join(target.settings.sql ?? '', file),
    ],
  };
}

const stream = () =>
  returnStream({
    tables: ['orders', 'order_items'],
    mapping: process.env.TOY_MAPPING === 'none' ? [] : BORN_LATER,
  });

/** Story 13.4 in miniature: the same kinds of steps in the same order, on tables of a few rows. */
export default defineRunbook({
  name: 'toy',
  title: 'Toy migration',
  targets: readTargets(process.env.TOY_TARGETS ?? 'missing'),
  releases: { from: 'v1', to: 'v2' },
  window: { start: '02:00', end: '04:00', zone: 'UTC' },
  protectedTables: ['orders', 'order_items'],
  matrix: [],
  steps: (target) => {
    const door = {
      flagFile: path.join(target.settings.folder ?? '', 'maintenance'),
      write: { request: { url: `${target.settings.baseUrl}/write`, method: 'POST' }, open: { status: 200 } },
      read: { request: { url: `${target.settings.baseUrl}/read` }, open: { status: 200 } },
    };
    const services = [fileService(target, 'api'), fileService(target, 'worker')];
    return [
      runCommand({ id: 'exchange', argv: ['echo', '{"goods":3}'], effect: 'none' }),
      maintenanceOn(door),
      stopServices({ services }),
      backup({ copy: JSON.parse(process.env.TOY_COPY ?? 'null') ?? undefined }),
      wayBack(),
      deployRelease({ tag: 'v2' }),
      migrate({ ...toySql(target, 'migrate.sql'), lockPatience: '3s' }),
      flush({ ...toySql(target, 'flush.sql'), deletes: ['public.products'], atMost: { products: 30 } }),
      importCatalogue(toySql(target, process.env.TOY_IMPORT ?? 'import.sql')),
      validate({
        expectations: [
          {
            name: 'products',
            sql: 'SELECT count(*) FROM products',
            is: '=',
            value: { evidence: 'exchange', path: 'stdout.goods' },
          },
        ],
      }),
      proveTables({ tables: 'protected' }),
      ...(process.env.TOY_STREAM === 'none' ? [] : [stream()]),
      startServices({ services }),
      maintenanceOff(door),
      smokeTest({ probes: [{ name: 'read', request: door.read.request, expect: { status: 200 } }] }),
    ];
  },
  afterRollback: (target) => [
    smokeTest({
      id: 'returned',
      probes: [
        { name: 'read', request: { url: `${target.settings.baseUrl}/read` }, expect: { status: 200 } },
      ],
    }),
  ],
});
