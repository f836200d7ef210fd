import { appendParameters, redirect } from './answers.ts';
import type { Handler } from './emulator-server.ts';
import { refuseOnPage } from './error-page.ts';
import type { Grants } from './grants.ts';
import { readParameters, requireParameter } from './parameters.ts';
import { invalidRequest, Refusal } from './refusal.ts';
import type { TelenorClient, TelenorSettings } from './telenor-options.ts';
import { expiredSessionCookie, type TelenorSessions } from './telenor-sessions.ts';
import { readBearerToken } from './userinfo-endpoint.ts';

/** The two ways to end the browser's session at the provider, for SSO clients only. */
export const createTelenorLogout = (given: {
  clients: ReadonlyMap<string, TelenorClient>;
  sessions: TelenorSessions;
  grants: Grants;
  settings: TelenorSettings;
}): { inBrowser: Handler; byToken: Handler } => {
  const { clients, sessions, grants, settings } = given;

  const endSession = (sid: string): void => {
    sessions.end(sid);
    if (settings.logoutEndsTokens) grants.revokeGrants((grant) => grant.sessionId === sid);
  };

  const findSsoClient = (clientId: string): TelenorClient => {
    const client = clients.get(clientId);
    if (!client?.sso) throw new Refusal(400, 'unauthorized_client', 'only SSO clients can log out here');
    return client;
  };

  const inBrowser: Handler = (request) => {
    const parameters = readParameters(request.query);
    const client = findSsoClient(requireParameter(parameters, 'client_id'));
    const target = requireParameter(parameters, 'post_logout_redirect_uri');
    if (!client.postLogoutRedirectUris?.includes(target)) {
      throw invalidRequest('post_logout_redirect_uri is not registered');
    }
    const session = sessions.find(request);
    if (session !== undefined) endSession(session.sid);
    const state = parameters.get('state');
    const answer = redirect(appendParameters(target, state === undefined ? {} : { state }));
    return { ...answer, headers: { ...answer.headers, 'set-cookie': expiredSessionCookie } };
  };

  const byToken: Handler = (request) => {
    const { clientId, sessionId } = grants.requireAccessToken(readBearerToken(request));
    findSsoClient(clientId);
    if (request.body !== '') throw invalidRequest('the body must be empty');
    if (sessionId !== undefined) endSession(sessionId);
    return { status: 200, headers: {}, body: '' };
  };

  return { inBrowser: refuseOnPage(inBrowser), byToken };
};
