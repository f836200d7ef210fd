import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';

/**
 * A Jest reporter that prints failures and nothing else. Writes the counts as JSON to the file that
 * QUIET_REPORTER_RESULTS names: `{ passed, failed, skipped }`, the last one a list of names.
 *
 * A default export, and a function to be called with `new`, because Jest asks for both.
 */
export default function QuietReporter(globalConfig) {
  const skipped = [];

  return {
    onTestResult(_test, result) {
      const file = relative(globalConfig.rootDir, result.testFilePath);
      skipped.push(...findSkipped(result, globalConfig).map((name) => `${file}: ${name}`));
      if (result.failureMessage) print(`FAIL ${file}\n\n${result.failureMessage}${printConsole(result)}`);
    },

    onRunComplete(_contexts, results) {
      if (skipped.length > 0) print(`SKIPPED\n\n${skipped.map((name) => `  ${name}`).join('\n')}`);
      const file = process.env.QUIET_REPORTER_RESULTS;
      if (!file) return;
      const passed = results.numPassedTests;
      // A suite that did not run has no failed tests, so it counts by itself.
      const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
      writeFileSync(file, JSON.stringify({ passed, failed, skipped }));
    },
  };
}

function findSkipped(result, { testNamePattern }) {
  // With -t the others are skipped by wish.
  const statuses = testNamePattern ? ['todo'] : ['pending', 'disabled', 'todo'];
  return result.testResults.filter((test) => statuses.includes(test.status)).map((test) => test.fullName);
}

function printConsole(result) {
  const lines = (result.console ?? []).map((entry) => `    console.${entry.type}: ${entry.message}`);
  return lines.length > 0 ? `\n${lines.join('\n')}\n` : '';
}

function print(text) {
  process.stdout.write(`${text}\n\n`);
}
