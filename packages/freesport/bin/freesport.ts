#!/usr/bin/env node
import { shopProgram } from '../src/commands/program.ts';

await (await shopProgram()).parseAsync();
