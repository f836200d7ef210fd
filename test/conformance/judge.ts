import type { RecordedRequest } from '../support/protocol-watch.ts';
import type { RawAnswer } from '../support/scripted-answers.ts';
import type { Claims } from '../support/scripted-keys.ts';
import type { Script, ScriptedProvider } from '../support/scripted-provider.ts';

/**
 * A provider that judges its client as the modules of the conformance suite do: it keeps what it gave out, and looks at
 * each request that came.
 */
export interface Judge {
  readonly op: ScriptedProvider;
  /** Every ID token it gave out, to the byte. */
  readonly idTokens: readonly string[];
  /** Every access token it gave out. */
  readonly accessTokens: readonly string[];
  /** Departs from honesty in another way than before. */
  deviate(script: Script): void;
  /** What every module holds against a client, whatever else it looks for (C-02 to C-09). */
  findFaults(): readonly string[];
}

/** Makes one for a single module. */
export function createJudge(op: ScriptedProvider): Judge {
  const idTokens: string[] = [];
  const accessTokens: string[] = [];
  const known = op.violations.length;

  const keepAccessToken = (answer: Claims | RawAnswer) => {
    if (typeof answer === 'object' && typeof answer.access_token === 'string')
      accessTokens.push(answer.access_token);
    return answer;
  };
  const deviate = (script: Script) => {
    op.script({
      ...script,
      idToken: (jwt) => {
        const given = script.idToken?.(jwt) ?? jwt;
        idTokens.push(given);
        return given;
      },
      token: (answer) => keepAccessToken(script.token?.(answer) ?? answer),
      refresh: (answer) => keepAccessToken(script.refresh?.(answer) ?? answer),
    });
  };

  op.forgetRequests();
  deviate({});
  return {
    op,
    idTokens,
    accessTokens,
    deviate,
    findFaults: () => [
      ...op.violations.slice(known),
      ...op.requests('userinfo').flatMap((request) => findUserInfoFaults(request, accessTokens)),
    ],
  };
}

/** The token stands in the header alone, and is one of those that were given out (C-08). */
function findUserInfoFaults({ url, headers, params }: RecordedRequest, given: readonly string[]): string[] {
  const token = /^Bearer (.+)$/.exec(String(headers.authorization))?.[1];
  return [
    ...(token !== undefined && given.includes(token) ? [] : ['userinfo: the token in the header is none']),
    ...(url.includes('?') || params.has('access_token') ? ['userinfo: a token is not in the header'] : []),
  ];
}
