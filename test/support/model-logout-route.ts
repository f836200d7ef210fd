import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import express, { type Request, type Response } from 'express';
import type { Provider } from '../../src/provider/provider.ts';
import {
  type BackchannelLogoutOptions,
  createBackchannelLogout,
} from '../../src/routes/backchannel-logout.ts';

export interface ModelLogoutToken {
  readonly jti: string;
  readonly sub?: string;
  readonly sid?: string;
  /** In seconds, by the provider's clock. */
  readonly issuedAt: number;
}

type Parts = Omit<BackchannelLogoutOptions, 'providers' | 'answers'> & { issuer: string; clientId: string };

/**
 * The route where providers post logout tokens, called as Express calls it, but for the network between. Tokens are
 * not signed, and believed: what is signed is verified by cryptography in a thread whose time nobody could decide.
 *
 * @returns a function that posts a token, and gives the status of the answer.
 */
export function createModelLogoutRoute({ issuer, clientId, ...parts }: Parts) {
  const app = express();
  const provider = {
    issuer,
    definition: { clientId, logoutTokenMaxAgeSeconds: 120, clockToleranceSeconds: 30 },
    verifyLogoutToken: async (token: string) => decodePayload(token),
  } as unknown as Provider;
  const route = createBackchannelLogout({
    ...parts,
    providers: new Map([['default', provider]]),
    answers: {
      report: async (_req: unknown, _res: unknown, error: unknown) => {
        throw error;
      },
    } as never,
  });

  return async (token: ModelLogoutToken): Promise<number> => {
    const logoutToken = encodeToken({ iss: issuer, aud: clientId, ...token });
    const req = createForm(new URLSearchParams({ logout_token: logoutToken }).toString());
    const res = new ServerResponse(req);
    await route(
      Object.setPrototypeOf(req, app.request) as Request,
      Object.setPrototypeOf(res, app.response) as Response,
    );
    return res.statusCode;
  };
}

function createForm(body: string): IncomingMessage {
  const req = new IncomingMessage(new Socket());
  req.method = 'POST';
  req.headers = {
    'content-type': 'application/x-www-form-urlencoded',
    'content-length': String(Buffer.byteLength(body)),
  };
  req.push(body);
  req.push(null);
  return req;
}

function encodeToken(claims: object): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');
  return `${encode({ alg: 'RS256' })}.${encode(claims)}.`;
}

function decodePayload(token: string): ModelLogoutToken {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
}
