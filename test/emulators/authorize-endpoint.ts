import { type Answer, appendParameters, formPostPage, htmlPage, redirect } from './answers.ts';
import type { EmulatorClient } from './client-authentication.ts';
import type { EmulatorBase } from './emulator.ts';
import type { Handler, RecordedRequest } from './emulator-server.ts';
import { refuseOnPage } from './error-page.ts';
import { randomValue } from './grants.ts';
import { type Parameters, readFormParameters, readParameters, requireParameter } from './parameters.ts';
import { invalidRequest, Refusal } from './refusal.ts';
import { signInPage } from './sign-in-page.ts';

/** A request whose client and redirect URI are known to be right. */
export interface Authorization<C> {
  client: C;
  redirectUri: string;
  parameters: Parameters;
  request: RecordedRequest;
}

/** `page` shows the answer to the person, for redirect URIs that are no address. */
export type ResponseMode = 'query' | 'fragment' | 'form_post' | 'page';

/** One answer as it left towards the client. */
export interface Delivery {
  redirectUri: string;
  mode: ResponseMode;
  parameters: Record<string, string>;
}

export interface Approval {
  parameters: Record<string, string>;
  /** Set-Cookie of the provider's own session. */
  cookie?: string;
}

export interface AuthorizeRules<C> {
  providerName: string;
  /** Where the page of the interactive mode sends its decision. */
  signInPath: string;
  isRedirectUriAllowed?: (client: C, redirectUri: string) => boolean;
  /** Throws the refusals that are told on a page. */
  checkBeforeRedirect?: (authorization: Authorization<C>) => void;
  /** Throws the refusals that are told to the client. */
  check: (authorization: Authorization<C>) => void;
  /** Says that no page is needed. */
  isSignedIn?: (authorization: Authorization<C>) => boolean;
  pageKind?: (authorization: Authorization<C>) => 'sign-in' | 'sign-up';
  approve: (authorization: Authorization<C>) => Approval | Promise<Approval>;
  cancelCode?: () => string;
  responseMode?: (authorization: Authorization<C>) => ResponseMode;
  /** Spoils the answer on its way out. */
  tamper?: (parameters: Record<string, string>) => Record<string, string>;
}

/** The authorization endpoint, and the one that takes the decision made on its page. */
export const createAuthorizeEndpoint = <C extends EmulatorClient>(
  base: Pick<EmulatorBase<C>, 'clients' | 'settings' | 'deliveries' | 'pagesShown'>,
  rules: AuthorizeRules<C>,
): { authorize: Handler; decide: Handler } => {
  const { clients, settings, deliveries, pagesShown } = base;
  const waiting = new Map<string, Authorization<C>>();

  const read = (request: RecordedRequest): Authorization<C> => {
    const parameters = readParameters(request.query);
    const client = clients.get(requireParameter(parameters, 'client_id'));
    if (client === undefined) throw invalidRequest('client_id is unknown');
    const redirectUri = requireParameter(parameters, 'redirect_uri');
    const isAllowed = rules.isRedirectUriAllowed?.(client, redirectUri);
    if (!isAllowed && !client.redirectUris.includes(redirectUri)) {
      throw invalidRequest('redirect_uri is not registered');
    }
    const authorization = { client, redirectUri, parameters, request };
    rules.checkBeforeRedirect?.(authorization);
    return authorization;
  };

  const answer = (authorization: Authorization<C>, { parameters, cookie }: Approval): Answer => {
    const state = authorization.parameters.get('state');
    const complete = state === undefined ? parameters : { ...parameters, state };
    const delivery = {
      redirectUri: authorization.redirectUri,
      mode: rules.responseMode?.(authorization) ?? 'query',
      parameters: rules.tamper?.(complete) ?? complete,
    };
    deliveries.push(delivery);
    const delivered = deliver(delivery, authorization.request.method);
    if (cookie !== undefined) delivered.headers['set-cookie'] = cookie;
    return delivered;
  };

  /** Turns a refusal that was thrown on the way into the error answer to the client. */
  const orError = async (authorization: Authorization<C>, act: () => Answer | Promise<Answer>) => {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return answer(authorization, { parameters: { error: error.code, error_description: error.message } });
    }
  };

  const conclude = async (authorization: Authorization<C>, decision: string): Promise<Answer> => {
    if (decision !== 'approve') {
      throw new Refusal(400, rules.cancelCode?.() ?? 'access_denied', 'the person cancelled');
    }
    return answer(authorization, await rules.approve(authorization));
  };

  const showPage = (authorization: Authorization<C>, kind: 'sign-in' | 'sign-up'): Answer => {
    const interaction = randomValue();
    waiting.set(interaction, authorization);
    return signInPage({
      providerName: rules.providerName,
      kind,
      clientId: authorization.client.clientId,
      userName: settings.user.name ?? settings.user.sub,
      action: rules.signInPath,
      interaction,
    });
  };

  const authorize = (authorization: Authorization<C>) =>
    orError(authorization, () => {
      rules.check(authorization);
      if (rules.isSignedIn?.(authorization)) return conclude(authorization, 'approve');
      const kind = rules.pageKind?.(authorization) ?? 'sign-in';
      pagesShown.push(kind);
      return settings.interactive
        ? showPage(authorization, kind)
        : conclude(authorization, settings.decision);
    });

  const decide = (request: RecordedRequest) => {
    const parameters = readFormParameters(request);
    const interaction = requireParameter(parameters, 'interaction');
    const authorization = waiting.get(interaction);
    if (authorization === undefined) throw invalidRequest('this page was used before');
    waiting.delete(interaction);
    // Answered like the page's own request, so that a redirect follows a POST with 303.
    const decided = { ...authorization, request: { ...authorization.request, method: request.method } };
    return orError(decided, () => conclude(decided, requireParameter(parameters, 'decision')));
  };

  return { authorize: refuseOnPage((request) => authorize(read(request))), decide: refuseOnPage(decide) };
};

const deliver = ({ redirectUri, mode, parameters }: Delivery, method: string): Answer => {
  const status = method === 'POST' ? 303 : 302;
  switch (mode) {
    case 'query':
      return redirect(appendParameters(redirectUri, parameters), status);
    case 'fragment':
      return redirect(`${redirectUri}#${new URLSearchParams(parameters)}`, status);
    case 'form_post':
      return formPostPage(redirectUri, parameters);
    case 'page':
      return htmlPage(
        200,
        parameters.code ?? parameters.error ?? '',
        '<p>Copy this into your application.</p>',
      );
  }
};
