import type { Request } from 'express';
import { LoginRequiredError } from '../errors.ts';
import { isFormPost } from '../fetch-metadata.ts';
import type { Provider } from '../provider/provider.ts';
import type { Answers } from './answers.ts';
import { isEmbedded, type Login } from './login.ts';
import { invalidForm, readForm, readQuery } from './request-input.ts';
import type { ReturnAddressReader } from './return-address.ts';
import type { RouteHandler } from './route-table.ts';

/** What it is made of. */
export interface InitiatedLoginOptions {
  readonly providers: ReadonlyMap<string, Provider>;
  readonly startLogin: Login['start'];
  readonly readReturnAddress: ReturnAddressReader;
  readonly answers: Answers;
  /** Path of the route, as browsers see it. */
  readonly path: string;
}

/** As much as a login takes of a hint. In characters. */
const MAX_HINT_LENGTH = 256;

/**
 * A login that somebody else begins: a tile on the provider's page, say. It is an ordinary one, with `state`, `nonce` and
 * PKCE of this browser; all that the request chooses is one of the configured providers, whom it suggests to the provider,
 * and a page of ours. What else it says is not looked at, and nobody is logged in by it who does not prove it there.
 *
 * Where several clients of one issuer are configured `iss` means none of them: the address that each has registered names
 * it, as in `?provider=staff`.
 *
 * A POST comes without the cookie of the session: it is answered by a redirect to the GET that says the same.
 *
 * @see [OpenID Connect Core, section 4](https://openid.net/specs/openid-connect-core-1_0.html#ThirdPartyInitiatedLogin)
 */
export function createInitiatedLogin(options: InitiatedLoginOptions): RouteHandler {
  const { providers, startLogin, readReturnAddress, answers, path } = options;

  const findProvider = (issuer: string | undefined, name: string | undefined): Provider => {
    const known = [...providers.values()].filter((candidate) => candidate.issuer === issuer);
    if (known.length === 0) throw invalidForm('names no provider of this application by iss');
    const [provider, other] = known.filter((candidate) => name === undefined || candidate.name === name);
    if (provider === undefined) throw invalidForm('names by provider= another issuer than by iss');
    if (other === undefined) return provider;
    throw invalidForm(
      'names by iss an issuer of which this application has several clients; the address that each has registered must name it, as in ?provider=NAME',
    );
  };

  const readParameters = (given: URLSearchParams, name: string | undefined) => {
    const loginHint = readOnce(given, 'login_hint');
    return {
      provider: findProvider(readOnce(given, 'iss'), name),
      loginHint: loginHint && loginHint.length <= MAX_HINT_LENGTH ? loginHint : undefined,
      // Of another origin it is nowhere to go: the login leads home.
      returnTo: readReturnAddress(readOnce(given, 'target_link_uri')),
    };
  };

  return async (req, res, browser) => {
    refuseEmbedded(req);
    const isPost = req.method === 'POST';
    // It is a part of the address that was registered, and not of what is sent there.
    const name = readOnce(readQuery(req), 'provider');
    const { provider, loginHint, returnTo } = readParameters(
      isPost ? await readForm(req, res) : readQuery(req),
      name,
    );
    if (!isPost) {
      await startLogin(req, res, { provider: provider.name, loginHint, returnTo, browser });
      return;
    }
    const query = new URLSearchParams({
      ...(name === undefined ? {} : { provider: name }),
      iss: provider.issuer,
      ...(loginHint === undefined ? {} : { login_hint: loginHint }),
      ...(returnTo === undefined ? {} : { target_link_uri: returnTo }),
    });
    answers.redirect(res, 303, `${path}?${query}`);
  };
}

/** A frame or an image of another site would begin logins that nobody sees. */
function refuseEmbedded(req: Request): void {
  const isHidden =
    req.method === 'POST' ? req.headers['sec-fetch-mode'] !== undefined && !isFormPost(req) : isEmbedded(req);
  if (isHidden) throw new LoginRequiredError('A login needs a page of its own.');
}

/** One that comes twice has two readings. */
function readOnce(given: URLSearchParams, name: string): string | undefined {
  const values = given.getAll(name);
  if (values.length > 1) throw invalidForm(`has the parameter "${name}" twice`);
  return values[0];
}
