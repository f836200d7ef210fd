import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { documentPath, walkThrough, writeDocument } from '../../scripts/first-two-minutes.ts';

describe('somebody with an empty folder, Node and README.md', () => {
  it('is logged in in less than two minutes, as docs/first-two-minutes.md tells', async () => {
    const walkthrough = await walkThrough();
    expect(walkthrough.seconds).toBeLessThan(120);
    const withoutNumbers = (text: string) => text.replace(/ *\d+(\.\d+)?/g, ' N');
    expect(withoutNumbers(writeDocument(walkthrough))).toBe(
      withoutNumbers(readFileSync(documentPath, 'utf8')),
    );
  }, 300_000);
});
