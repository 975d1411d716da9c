import { readFileSync, writeFileSync } from 'node:fs';
import { Option } from 'commander';
import { planFor } from '../../engine/preflight-run.ts';
import { Failed, Refused } from '../../errors.ts';
import { fillRegions, type GuideRegion } from '../../guide/fill-regions.ts';
import {
  GUIDE_LANGUAGES,
  GUIDE_PARTS,
  type GuideLanguage,
  type GuideOf,
  type GuidePart,
} from '../../guide/guide-of.ts';
import { guidePart, wholeGuide } from '../../guide/guide-part.ts';
import { type Receipt, readReceipts } from '../../journal/receipt.ts';
import { planHash, resolvePlan } from '../../runbook/plan.ts';
import type { Runbook } from '../../runbook/runbook.ts';
import { type CliEnvironment, type CommonOptions, loadRunbook } from '../environment.ts';
import { EXIT } from '../exit-codes.ts';
import { openStore } from '../open-store.ts';
import type { RegisterVerb } from '../verb.ts';

interface GuideOptions extends CommonOptions {
  readonly target: string;
  readonly lang: GuideLanguage;
  readonly part?: GuidePart | undefined;
  readonly into?: string | undefined;
  readonly check?: boolean | undefined;
}

/** How a file says where the parts go. */
const MARKS = `
A region stands between marks on lines of their own; a mark may name a target:
  <!-- roundtrip guide: timeline -->
  <!-- /roundtrip guide -->
  <!-- roundtrip guide: rollback production -->
  <!-- /roundtrip guide -->`;

/** `roundtrip guide`: the parts of a migration guide that follow from the runbook and its rehearsal. */
export const registerGuide: RegisterVerb = (program, run) => {
  program
    .command('guide')
    .description('write timeline, checklist, rollback and matrix from the runbook and the last rehearsal')
    .requiredOption('--target <name>', 'for regions whose mark names none')
    .addOption(new Option('--lang <language>').choices(GUIDE_LANGUAGES).default('en'))
    .addOption(new Option('--part <part>', 'one part alone').choices(GUIDE_PARTS))
    .option('--into <file>', 'into the marked regions of a Markdown file, instead of stdout')
    .option('--check', 'write nothing; exit 3 where the file is not what would be written')
    .addHelpText('after', MARKS)
    .action(
      run<GuideOptions>(async (environment, options) => {
        const { receipts } = readReceipts((await openStore(environment, options)).state);
        const runbook = await loadRunbook(environment, options);
        if (options.into === undefined) {
          const of = await guideOf(environment, runbook, options.target, receipts);
          const text =
            options.part === undefined
              ? wholeGuide(of, options.lang)
              : `${guidePart(options.part, of, options.lang)}\n`;
          conclude(environment, options, { text });
          return EXIT.success;
        }
        const before = readMarkdown(options.into);
        const after = await filled(environment, { runbook, options, receipts, before });
        if (options.check === true && before !== after) throw stale(options.into, options);
        if (before !== after) writeFileSync(options.into, after);
        conclude(environment, options, { file: options.into, changed: before !== after });
        return EXIT.success;
      }),
    );
};

async function filled(
  environment: CliEnvironment,
  given: {
    readonly runbook: Runbook;
    readonly options: GuideOptions;
    readonly receipts: readonly Receipt[];
    readonly before: string;
  },
): Promise<string> {
  const { runbook, options, receipts, before } = given;
  const targetOf = ({ target }: GuideRegion): string => target ?? options.target;
  const named = new Set<string>();
  fillRegions(before, (region) => {
    named.add(targetOf(region));
    return '';
  });
  const guides = new Map<string, GuideOf>();
  for (const target of named) guides.set(target, await guideOf(environment, runbook, target, receipts));
  return fillRegions(before, (region) => {
    const of = guides.get(targetOf(region));
    return of === undefined ? '' : guidePart(region.part, of, options.lang);
  });
}

/** Where nothing was rehearsed there is no receipt to match, and the releases need not be at hand to be pinned. */
async function guideOf(
  environment: CliEnvironment,
  runbook: Runbook,
  target: string,
  receipts: readonly Receipt[],
): Promise<GuideOf> {
  if (!receipts.some((receipt) => receipt.runbook === runbook.name)) {
    environment.stderr.write(`${target}: not rehearsed here, so the guide has no measured times\n`);
    return { plan: resolvePlan({ runbook, target, releases: null }), releases: runbook.releases };
  }
  const plan = await planFor(runbook, target);
  const hash = planHash(plan);
  const receipt = receipts.find((candidate) => candidate.planHash === hash);
  if (receipt === undefined)
    environment.stderr.write(
      `${target}: no rehearsal of this very plan, so the guide has no measured times\n`,
    );
  return { plan, receipt, releases: runbook.releases };
}

function conclude(
  { stdout }: CliEnvironment,
  { json }: GuideOptions,
  done: { readonly text: string } | { readonly file: string; readonly changed: boolean },
): void {
  if (json === true) {
    stdout.write(`${JSON.stringify({ version: 1, type: 'verdict', exitCode: 0, ...done })}\n`);
    return;
  }
  stdout.write(
    'text' in done ? done.text : `${done.file}: ${done.changed ? 'written' : 'as it should be'}\n`,
  );
}

function readMarkdown(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new Failed({
      code: 'guide-unreadable',
      seen: `${file}: ${(cause as Error).message}`,
      expected: 'a Markdown file with marked regions',
      next: 'name another with --into, or leave it out to have the guide on stdout',
      cause,
    });
  }
}

function stale(file: string, { target, lang }: GuideOptions): Refused {
  return new Refused({
    code: 'guide-stale',
    seen: `${file} is not what the runbook says now`,
    expected: 'the same text between its marks',
    next: `roundtrip guide --target ${target} --lang ${lang} --into ${file}`,
  });
}
