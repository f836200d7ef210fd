import type { ConnectisSettings } from './connectis-options.ts';
import type { RecordedRequest } from './emulator-server.ts';
import type { Grants } from './grants.ts';
import { type Parameters, readFormParameters, readParameters } from './parameters.ts';
import { invalidGrant, invalidRequest } from './refusal.ts';

/**
 * Reads the parameters of a token call from where this deployment expects them.
 * @throws Refusal `invalid_request` for one in the wrong place or in both.
 */
export const readConnectisTokenParameters = (
  request: RecordedRequest,
  { tokenParams, acceptSpacedRefreshGrant }: ConnectisSettings,
): Parameters => {
  const query = readParameters(request.query);
  const body: Parameters = request.body === '' ? new Map() : readFormParameters(request);
  const twice = [...query.keys()].find((name) => body.has(name));
  if (twice !== undefined) throw invalidRequest(`${twice} is in the query and in the body`);
  if (tokenParams === 'query' && body.size > 0) throw invalidRequest('the parameters belong in the query');
  if (tokenParams === 'body' && query.size > 0) throw invalidRequest('the parameters belong in the body');
  const parameters = new Map([...query, ...body]);
  if (acceptSpacedRefreshGrant && parameters.get('grant_type') === 'refresh token') {
    parameters.set('grant_type', 'refresh_token');
  }
  return parameters;
};

/**
 * Completes a call without `client_id`, which is not in the documented URL: the code or refresh token tells.
 * @throws Refusal `invalid_grant` when it is unknown, `invalid_request` when there is none.
 */
export const nameClient = (parameters: Parameters, grants: Grants): Parameters => {
  if (parameters.has('client_id')) return parameters;
  const given = parameters.get('code') ?? parameters.get('refresh_token');
  if (given === undefined) throw invalidRequest('client_id is missing');
  const owner = grants.findOwner(given);
  if (owner === undefined) throw invalidGrant('the code or refresh token is unknown');
  return new Map([...parameters, ['client_id', owner]]);
};
