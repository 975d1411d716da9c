/** npm runs it in the folder of a package after `npm pack`: the workspace's manifest comes back. */
import { restoreManifest } from './restore-manifest.ts';

restoreManifest(process.cwd());
