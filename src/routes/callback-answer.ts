import type { Request } from 'express';
import { invalidForm, readForm } from './form-body.ts';
import { readQuery } from './read-query.ts';

const MAX_PARAMETERS = 100;

/** Parameters that have a meaning here; one that comes twice makes two readings possible. */
const PROTOCOL_PARAMETERS = ['code', 'state', 'iss', 'error', 'error_description', 'id_token', 'response'];

/**
 * Reads what the provider sends through the browser: the query of a GET, or the form of a POST, whether or not the
 * application has parsed that body before.
 *
 * @throws LoginError `login_invalid` for another content type (415), a larger body (413) or repeated parameters (400).
 * @see [Form Post Response Mode](https://openid.net/specs/oauth-v2-form-post-response-mode-1_0.html)
 */
export async function readCallbackAnswer(req: Request): Promise<URLSearchParams> {
  const answer = req.method === 'POST' ? await readForm(req) : readQuery(req);
  if ([...answer.keys()].length > MAX_PARAMETERS) throw invalidForm('has too many parameters', 413);
  const repeated = PROTOCOL_PARAMETERS.find((name) => answer.getAll(name).length > 1);
  if (repeated) throw invalidForm(`has the parameter "${repeated}" twice`);
  return answer;
}
