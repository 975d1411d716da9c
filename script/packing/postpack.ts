/** npm runs it in the folder of a package after `npm pack`: the workspace's manifest comes back, the build goes. */
import { rmSync } from 'node:fs';
import { restoreManifest } from './restore-manifest.ts';

restoreManifest(process.cwd());
rmSync('dist', { recursive: true, force: true });
