import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { documentPath, fillIn, writeRow } from '../../scripts/providers.ts';
import { providers } from '../../src/index.ts';
import { playRow } from './play-row.ts';
import { ROWS } from './rows.ts';

const written: string[] = [];

describe('the presets, each at its provider as it is documented', () => {
  it.each(ROWS)('$title: login, claims, refresh, logout, and a wrong setting', async (habits) => {
    const { expected, wrong } = habits;
    const outcome = await playRow(habits);
    expect(outcome.problems).toEqual([]);
    expect(outcome.user).toMatchObject(expected.user);
    const { refresh, logout, revoked } = outcome;
    expect({ refresh, logout, revoked }).toEqual({
      refresh: expected.refresh,
      logout: expected.logout,
      revoked: expected.revoked,
    });
    expect(outcome.capabilities?.logout).toBe(expected.logout);
    if (expected.refresh) expect(outcome.capabilities?.refresh).toBe(true);
    expect(outcome.told).toMatch(wrong.says);
    written.push(writeRow(habits, outcome));
  });

  it('are all of them there', () => {
    const others = ['oidc', 'oauth2', 'fewlines', 'telenor', 'connectis', 'did'];
    const played = new Set(ROWS.map(({ preset }) => preset));
    expect(Object.keys(providers).filter((name) => !others.includes(name) && !played.has(name))).toEqual([]);
  });

  it('have docs/providers.md as this run saw them: npx tsx scripts/providers.ts writes it', () => {
    const document = readFileSync(documentPath, 'utf8');
    expect(fillIn(document, written)).toBe(document);
  });
});
