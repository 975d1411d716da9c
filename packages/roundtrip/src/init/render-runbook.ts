import type { MigrationTool } from './migration-tool.ts';
import type { Proposal } from './proposal.ts';
import type { TableProposal } from './propose-tables.ts';

/**
 * The runbook as TypeScript: it runs as it is, and its comments say what was seen, why it is proposed, and what to decide. Pure.
 *
 * Names come from a database and from a folder: each is a quoted string, or a comment of one line.
 *
 * @example writeFileSync('runbook.ts', renderRunbook(proposal))
 */
export function renderRunbook(proposal: Proposal): string {
  const beside = proposal.strategy.strategy === 'side by side';
  const { address } = proposal;
  const builders = beside
    ? ['copyBeside', 'defineRunbook', 'migrate', 'readTargets', 'switchOver']
    : ['backup', 'defineRunbook', 'migrate', 'proveTables', 'readTargets', 'wayBack'];
  return [
    ...header(proposal),
    "import path from 'node:path';",
    `import { ${builders.join(', ')} } from 'roundtrip';`,
    '',
    ...tablesPart(proposal.tables),
    '',
    ...toolPart(proposal),
    '',
    'export default defineRunbook({',
    `  name: ${text(kebab(address.database))},`,
    `  title: ${text(`Migration of ${address.database}`)},`,
    "  targets: readTargets(process.env.ROUNDTRIP_TARGETS ?? path.join(import.meta.dirname, 'targets.json')),",
    '  // When a live run may begin: local time, and the zone of those who are awake then.',
    "  window: { start: '02:00', end: '04:00', zone: 'UTC' },",
    '  protectedTables,',
    ...(beside ? stepsBeside(proposal) : stepsInPlace(proposal)),
    "  // What is decided in advance for the watch after the switch: see storyMatrix and watch in the package's reference.",
    '  matrix: [],',
    '});',
    '',
  ].join('\n');
}

function header({ address, facts, estimate, strategy, day }: Proposal): string[] {
  const { role } = facts;
  const rights = role.superuser
    ? 'superuser'
    : [
        role.createsDatabases ? 'may create databases' : 'may not create databases',
        role.replicates ? 'may replicate' : 'may not replicate',
      ].join(', ');
  return [
    comment(
      `Proposed by \`roundtrip init\` on ${day} for ${address.database} at ${address.host}:${address.port}, which it only read.`,
    ),
    '// Everything here is a proposal: read the comments, correct what is wrong, then `roundtrip check --target production`.',
    '//',
    comment(
      `Server:   PostgreSQL ${facts.version}, wal_level ${facts.walLevel}; role ${role.name}: ${rights}`,
    ),
    comment(`Strategy: ${strategy.strategy}: ${strategy.why}`),
    comment(`Way back: ${strategy.wayBack}`),
    ...(strategy.toChange.length === 0
      ? []
      : ['// For side by side, whose rollback loses nothing, change this and let init propose again:']),
    ...strategy.toChange.map(({ seen, cure }) => comment(`  - ${seen}: ${cure}`)),
    ...strategy.warnings.map(({ seen, cure }) => comment(`Note:     ${seen}: ${cure}`)),
    comment(
      `Times:    dump ${about(estimate.dumpMs)}, restore ${about(estimate.restoreMs)}, a verified copy ${about(estimate.copyMs)}`,
    ),
    ...estimate.how.map((sentence) => comment(`  - ${sentence}`)),
    '',
  ];
}

function tablesPart(tables: readonly TableProposal[]): string[] {
  const listed = [...tables].sort((a, b) => b.bytes - a.bytes);
  return [
    '// Protected tables: the migration must not change a row of them, and what customers write to them after the switch comes along in a',
    '// rollback. The rule: tables that by their names hold people or what happened; those whose rows belong to these by a foreign key; those',
    '// that somebody writes; those that protected ones point at; those with the most rows. Never the record of the migration tool, what is',
    '// gone tomorrow, what describes (products, prices), or what the migration changes (`--migrates`). In doubt a table is protected: the',
    '// rehearsal tells what is wrongly here, and nobody tells what is missing. Rows are the estimate of the server.',
    'const protectedTables = [',
    ...listed
      .filter(({ isProtected }) => isProtected)
      .map((row) => `  ${text(row.table)}, ${comment(described(row))}`),
    '];',
    ...(listed.every(({ isProtected }) => isProtected) ? [] : ['// Not protected:']),
    ...listed
      .filter(({ isProtected }) => !isProtected)
      .map((row) => comment(`  ${row.table}  ${described(row)}`)),
  ];
}

function described({ rows, bytes, keyed, keysIn, keysOut, why }: TableProposal): string {
  const size = `${rows === null ? 'rows unknown (ANALYZE)' : `${rows} rows`}, ${(bytes / 1e6).toFixed(1)} MB`;
  const keys = `keys ${keysIn} in, ${keysOut} out`;
  return `${size}, ${keys}${keyed ? '' : ', NO PRIMARY KEY'}: ${why}`;
}

function toolPart({ tools, project }: Proposal): string[] {
  const [tool, ...others] = tools;
  if (tool === undefined) return [];
  return [
    comment(`The migration itself: ${tool.tool}, for ${tool.seen} is in the project folder.`),
    comment(`  What is pending: ${tool.pending}`),
    comment(`  To reach the database that the step names: ${tool.connects}.`),
    ...others.map((other) =>
      comment(`  There is also ${other.tool} (${other.seen}): ${other.argv.join(' ')}`),
    ),
    `const migration = ${migrationOf(tool, project)};`,
  ];
}

function migrationOf({ argv, verify }: MigrationTool, project: string): string {
  const cwd = project === '.' ? 'import.meta.dirname' : `path.join(import.meta.dirname, ${text(project)})`;
  return [
    '{',
    `  argv: ${list(argv)},`,
    ...(verify === undefined
      ? []
      : [`  // Ends with 0 only when nothing is pending.`, `  verify: ${list(verify)},`]),
    `  cwd: ${cwd},`,
    "  planned: '5min', // nobody knows before the rehearsal",
    '}',
  ].join('\n');
}

function stepsBeside({ estimate }: Proposal): string[] {
  return [
    '  steps: () => [',
    '    // A verified copy of the database that goes on serving; what customers write to the protected tables streams into it.',
    `    copyBeside({ tables: protectedTables, planned: ${text(planned(estimate.copyMs))} }),`,
    "    migrate({ ...migration, on: 'copy' }),",
    "    // Here validate({ on: 'copy', … }) what must be true of the copy, and deployRelease({ tag }) what understands it.",
    '    // Writers wait for a moment while the names are exchanged; applications reconnect.',
    "    switchOver({ planned: '1min' }),",
    '    // Here smokeTest({ … }) and watch({ … }): a watch that has passed lets `roundtrip finish` close the way back.',
    '  ],',
  ];
}

function stepsInPlace({ estimate }: Proposal): string[] {
  return [
    '  steps: () => [',
    '    // Customers are to be turned away before this and let in after it: maintenanceOn, stopServices; startServices, maintenanceOff.',
    '    // What is written in between is not in the backup, and the way back refuses to open.',
    `    backup({ planned: ${text(planned(estimate.copyMs))} }),`,
    '    wayBack(),',
    '    migrate(migration),',
    "    proveTables({ tables: 'protected' }),",
    '  ],',
    "  afterRollback: () => [proveTables({ id: 'prove-restored', tables: 'all' })],",
  ];
}

/** A comment of one line, whatever the text holds. */
function comment(line: string): string {
  return `// ${line.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').trimEnd()}`;
}

/** A string of TypeScript: JSON is one but for its quotes, which are the house's here. */
function text(value: string): string {
  const inner = JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${inner.replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')}'`;
}

function list(values: readonly string[]): string {
  return `[${values.map(text).join(', ')}]`;
}

function kebab(database: string): string {
  const name = database
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[-0-9]+|-+$/g, '');
  return `${name === '' ? 'database' : name}-migration`;
}

/** In whole minutes, never less than one: what a plan says is rounded up. */
function planned(ms: number): string {
  return `${Math.max(1, Math.ceil(ms / 60_000))}min`;
}

function about(ms: number): string {
  if (ms < 1_000) return 'under a second';
  return ms < 90_000 ? `about ${Math.ceil(ms / 1_000)} s` : `about ${Math.ceil(ms / 60_000)} min`;
}
