#!/usr/bin/env node
import { resolve } from 'node:path';
import { runCli } from './run-cli.ts';
import { silenceServers } from './silence-servers.ts';

// What the program itself prints must not get between the data.
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr) as typeof process.stdout.write;
// What else it fails at is told, and ends nothing.
for (const event of ['unhandledRejection', 'uncaughtException'] as const)
  process.on(event, (error: unknown) => void process.stderr.write(`${String(error)}\n`));

silenceServers();
const code = await runCli(process.argv.slice(2), {
  cwd: resolve('.'),
  write: (text) => void write(text),
  writeError: (text) => void process.stderr.write(text),
  loadEnvFile: (path) => process.loadEnvFile(path),
});
// It may hold connections and timers that nobody ends.
process.exitCode = code;
write('', () => process.exit(code));
