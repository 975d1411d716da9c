/** Roundtrip: what a runbook is written with. Everything else is private. */
export type { AlertChannel } from './alerts/alert-channel.ts';
export type { CopyDestination } from './backup-store/copy-destination.ts';
export type { SmokeCommand } from './backup-store/smoke-test-restored.ts';
export { lintMigrations } from './checks/lint-migrations.ts';
export { requireAnswer } from './checks/require-answer.ts';
export { requireBuild } from './checks/require-build.ts';
export { requireCommand } from './checks/require-command.ts';
export { requireFiles } from './checks/require-files.ts';
export { EXIT } from './cli/exit-codes.ts';
export { Ambiguous, Bug, Failed, Refused, RoundtripError, UndoFailed } from './errors.ts';
export type { AlsoReached } from './postgres/declared-reference.ts';
export type { CheckCommon, CheckSpec } from './runbook/check-spec.ts';
export { type Duration, durationMs } from './runbook/duration.ts';
export { defineRunbook, type MaintenanceWindow, type Runbook } from './runbook/runbook.ts';
export type { StepCommon, StepEffect, StepSpec } from './runbook/step-spec.ts';
export { readTargets, type Target } from './runbook/target.ts';
export type { CommandService } from './services/command-services.ts';
export { activateRelease, deployRelease as exportRelease, resolveRelease } from './services/git-release.ts';
export type { HttpExpectation, HttpRequest } from './services/http.ts';
export type { NginxDoor } from './services/nginx.ts';
export {
  type BackendChange,
  inspectPooled,
  type Pgbouncer,
  type PooledDatabase,
  pauseDatabase,
  pointDatabaseAt,
  resumeDatabase,
} from './services/pgbouncer.ts';
export { prometheusRules, writePrometheusRules } from './services/prometheus-rules.ts';
export type { Service } from './services/service.ts';
export type { RemoteHost } from './services/ssh.ts';
export type { SupervisorGroup } from './services/supervisor.ts';
export type { SystemdUnit } from './services/systemd.ts';
export type { Traffic } from './services/traffic.ts';
export { approve } from './steps/approve.ts';
export { backup } from './steps/backup.ts';
export { baseline } from './steps/baseline.ts';
export { copyBeside } from './steps/copy-beside.ts';
export { deployRelease } from './steps/deploy-release.ts';
export type { ReverseMapping } from './steps/drain-back.ts';
export { flush } from './steps/flush.ts';
export { maintenanceOff, maintenanceOn } from './steps/maintenance.ts';
export { notify } from './steps/notify.ts';
export { proveTables } from './steps/prove-tables.ts';
export { returnStream } from './steps/return-stream.ts';
export { type CommandOptions, importCatalogue, migrate, runCommand } from './steps/run-command.ts';
export { startServices, stopServices } from './steps/services.ts';
export { type SmokeProbe, smokeTest } from './steps/smoke-test.ts';
export type { StepContext, StepKind, StepKinds } from './steps/step-kind.ts';
export { switchOver } from './steps/switch-over.ts';
export { type Quantity, type SqlExpectation, validate } from './steps/validate.ts';
export { watch } from './steps/watch.ts';
export { wayBack } from './steps/way-back.ts';
export { type MatrixRow, storyMatrix } from './watch/matrix.ts';
export type { WatchPlan } from './watch/watch-plan.ts';
export { ALARM_WINDOWS } from './watch/windows.ts';
