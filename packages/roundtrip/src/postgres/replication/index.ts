/** Carries the rows of chosen tables from one database to another while both live: the way back kept in step. */

export { abandonCopy } from './abandon-copy.ts';
export { type BrokenKey, foreignKeyAntiJoins } from './anti-join.ts';
export { countAppliedChanges, endAppliedChanges, noteAppliedChanges } from './applied-changes.ts';
export {
  type BeginCopyOptions,
  beginCopy,
  type CopyBegun,
  type CopySite,
} from './begin-copy.ts';
export { type CarriedSequence, carrySequences } from './carry-sequences.ts';
export { columnsInCommon } from './columns-in-common.ts';
export { type ComparedAtOnePoint, compareAtOnePoint } from './compare-at-one-point.ts';
export { compareSides, type SidesCompared } from './compare-sides.ts';
export {
  type CopyChanges,
  type CopyChangesSlot,
  countCopyChanges,
  dropCopyChanges,
  tablesWritten,
} from './copy-changes.ts';
export { installDdlGuard, removeDdlGuard } from './ddl-guard.ts';
export { type Drained, drainTo } from './drain.ts';
export { finishSwitch } from './finish-switch.ts';
export { type SlotHealth, type StreamHealth, slotHealth, streamHealth } from './health.ts';
export { type OpenTransaction, transactionsWithWrites } from './old-transactions.ts';
export { type ReplicationFinding, replicationPreflight } from './preflight.ts';
export { protectedTableWritten } from './prepare-switch.ts';
export { createPublication, dropPublication } from './publication.ts';
export { resumeSwitch, type SettledSwitch } from './resume-switch.ts';
export {
  type ArmedReverse,
  type ArmReverseOptions,
  applyMapping,
  armReverse,
  connectReverse,
  type DrainedReverse,
  type DrainReverseOptions,
  disarmReverse,
  drainReverse,
  inspectReverse,
  openReverse,
  prepareReverse,
} from './reverse.ts';
export { schemaDrift } from './schema-drift.ts';
export { openStreamSessions, type StreamSessions } from './sessions.ts';
export { createExportedSlot, createSlot, dropSlot, type ExportedSlot } from './slot.ts';
export { type ReplicatedTable, type ReplicationStream, streamNames } from './stream.ts';
export { createSubscription, detach, pauseSubscription } from './subscription.ts';
export {
  type SwitchedToCopy,
  type SwitchToCopyOptions,
  switchToCopy,
} from './switch-to-copy.ts';
