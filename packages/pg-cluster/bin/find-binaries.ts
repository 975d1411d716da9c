#!/usr/bin/env node
/** Prints the folder of PostgreSQL's server programs, or says what is missing and exits with 3. */
import { ClusterError, findBinaries } from '../src/index.ts';

try {
  console.log(findBinaries());
} catch (error) {
  if (!(error instanceof ClusterError)) throw error;
  console.error(error.message);
  process.exitCode = 3;
}
