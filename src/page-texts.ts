/** What the pages of ours say, by name. Those of a fault have its code, where it has words of its own. */
export const PAGE_NAMES = [
  'login_invalid',
  'login_not_found',
  'login_not_brought',
  'login_expired',
  'login_insufficient',
  'login_unprovable',
  'login_denied',
  'login_refused',
  'login_ended',
  'login_limited',
  'provider_unavailable',
  'provider_invalid_response',
  'provider_refused',
  'store_unavailable',
  'login_required',
  'access_denied',
  'cross_origin_request',
  'unexpected',
  'form_not_kept',
  'form_kept',
  'form_to_send',
  'form_gone',
  'form_of_another',
  'choose',
  'login_done',
  'signed_in',
  'signed_out',
  'signed_out_here',
  'signing_out',
  'sign_out',
  'frame_signed_out',
] as const;

/** What stands on links and buttons, and in between, by name. */
export const LABEL_NAMES = [
  'home',
  'signIn',
  'signInAgain',
  'useAnotherAccount',
  'signOut',
  'signOutOfService',
  'staySignedIn',
  'continue',
  'tryAgain',
  'sendIt',
  'doNotSendIt',
  'reference',
  'missing',
  'missingRole',
  'missingRoles',
  'missingScopes',
  'missingClaims',
  'missingMethod',
] as const;

/** The languages that our pages speak, of which the first is the one where a browser asks for none of them. */
export const LANGUAGES = ['en', 'de', 'fr', 'es', 'nl', 'nb'] as const;

/** A page of ours. */
export type PageName = (typeof PAGE_NAMES)[number];

/** A link, a button, or a few words in between. */
export type LabelName = (typeof LABEL_NAMES)[number];

/** A language that our pages speak. */
export type Language = (typeof LANGUAGES)[number];

/** The heading of a page, and what stands below it. Plain text; what is in braces is filled in. */
export interface PageWords {
  readonly title: string;
  readonly message: string;
}

/**
 * All that our pages say in one language: what another language needs, `pages: { texts: { it: italian } }`.
 *
 * Filled in are `{homeUrl}` (`login_not_brought`), `{action}`, the path that a form was sent to (`form_to_send`),
 * `{reference}`, `{list}` (`missing`) and `{names}` (the other `missing…`).
 */
export interface PageTexts {
  readonly pages: Readonly<Record<PageName, PageWords>>;
  readonly labels: Readonly<Record<LabelName, string>>;
}

/** Words in place of ours: of a language that we have, those that shall be others. */
export interface PageTextChanges {
  readonly pages?: { readonly [Name in PageName]?: Partial<PageWords> };
  readonly labels?: { readonly [Name in LabelName]?: string };
}

/** What is filled into a text, by the name of the page or the label. The rest have nothing to fill in. */
export const PLACEHOLDERS: { readonly [Name in PageName | LabelName]?: string } = {
  login_not_brought: 'homeUrl',
  form_to_send: 'action',
  reference: 'reference',
  missing: 'list',
  missingRole: 'names',
  missingRoles: 'names',
  missingScopes: 'names',
  missingClaims: 'names',
  missingMethod: 'names',
};
