import { approveKind } from './approve.ts';
import { backupKind } from './backup.ts';
import { baselineKind } from './baseline.ts';
import { copyBesideKind } from './copy-beside.ts';
import { deployReleaseKind } from './deploy-release.ts';
import { flushKind } from './flush.ts';
import { maintenanceKind } from './maintenance.ts';
import { notifyKind } from './notify.ts';
import { proveTablesKind } from './prove-tables.ts';
import { returnStreamKind } from './return-stream.ts';
import { commandKind } from './run-command.ts';
import { servicesKind } from './services.ts';
import { smokeTestKind } from './smoke-test.ts';
import { stagingCopyKind } from './staging-copy.ts';
import type { StepKind, StepKinds } from './step-kind.ts';
import { switchOverKind } from './switch-over.ts';
import { validateKind } from './validate.ts';
import { watchKind } from './watch.ts';
import { wayBackKind } from './way-back.ts';

const KINDS: readonly StepKind[] = [
  approveKind,
  backupKind,
  baselineKind,
  commandKind,
  copyBesideKind,
  deployReleaseKind,
  flushKind,
  maintenanceKind,
  notifyKind,
  proveTablesKind,
  returnStreamKind,
  servicesKind,
  smokeTestKind,
  stagingCopyKind,
  switchOverKind,
  validateKind,
  watchKind,
  wayBackKind,
];

/** Every kind of step that the tool knows, by name. */
export const stepKinds: StepKinds = new Map(KINDS.map((kind) => [kind.kind, kind]));
