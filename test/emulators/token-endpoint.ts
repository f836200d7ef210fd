import { type Answer, json } from './answers.ts';
import type { Handler, RecordedRequest } from './emulator-server.ts';
import { type Parameters, requireParameter } from './parameters.ts';
import { Refusal } from './refusal.ts';

export interface TokenCall<C> {
  request: RecordedRequest;
  parameters: Parameters;
  client: C;
}

export type TokenBody = Record<string, unknown>;

export interface TokenRules<C> {
  readParameters: (request: RecordedRequest) => Parameters;
  authenticate: (request: RecordedRequest, parameters: Parameters) => C;
  /** The grant type of a call that names none. @default the call is refused */
  defaultGrantType?: string;
  grantTypes: Record<string, (call: TokenCall<C>) => TokenBody | Promise<TokenBody>>;
}

/** The token endpoint: parameters, then client, then grant type, in this order. */
export const createTokenEndpoint =
  <C>(rules: TokenRules<C>): Handler =>
  async (request): Promise<Answer> => {
    const parameters = rules.readParameters(request);
    const client = rules.authenticate(request, parameters);
    const grantType =
      parameters.get('grant_type') ?? rules.defaultGrantType ?? requireParameter(parameters, 'grant_type');
    if (!Object.hasOwn(rules.grantTypes, grantType)) {
      throw new Refusal(400, 'unsupported_grant_type', `grant_type ${grantType} is not supported`);
    }
    const body = await rules.grantTypes[grantType]?.({ request, parameters, client });
    return json(200, body, { 'cache-control': 'no-store', pragma: 'no-cache' });
  };
